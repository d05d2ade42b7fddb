"""Price detectors on real imports: the sets fishery, tradeH, inttrade2 and girdles of the FSDA toolbox (Joint Research
Centre of the European Commission and University of Parma, https://github.com/UniprJRC/FSDA, toolbox/datasets/regression
and toolbox/datasets/clustering): quantity and value of imports of one product each.

    python tests/reference/trade.py FOLDER [--program target/release/parcel-risk] [--seeds 6]

needs pandas and pyarrow, and the sets' text files in FOLDER. Every import is a parcel of one line under one code, with a
weight and no pieces, of one consignor; Fishery2002 to Fishery2004 name the declarant, who is taken for it. In 5 % of the
lines, drawn by chance, the value is multiplied by a factor. Printed: share of the cut lines flagged, share of the others
flagged, share of the cut lines above the score that 1 % of the others pass, area under the curve of line_scores.parquet;
and the last two of the residuals from a robust line of log value on log quantity (Tukey's bisquare). The sets hold
outliers of their own, which count as honest here.
"""

import argparse
import pathlib
import tempfile

import numpy as np
import pandas as pd
from retail import ranking, screened


def sets(folder):
    for name in ("tradeH", "inttrade2", "fishery", "girdles"):
        table = pd.read_csv(folder / f"{name}.txt", sep="\t", header=None)
        yield name, table[0], table[1], np.zeros(len(table), int)
    years = [folder / f"Fishery{year}.txt" for year in (2002, 2003, 2004)]
    table = pd.concat([pd.read_csv(f, sep="\t", comment="%", header=None, dtype={0: str}) for f in years])
    yield "fishery by declarant", table[1], table[2], pd.factorize(table[0])[0]


def manifest(quantity, value, consignor):
    number = np.arange(len(value))
    return pd.DataFrame({
        "parcel_id": [f"W{i:08d}" for i in number],
        "date": "2026-05-20",
        "consignor_name": [f"{chr(65 + i % 26) * 4}{chr(97 + i // 26)} Trading Ltd" for i in consignor],
        "consignor_country": "CN",
        "consignee_name": [f"Buyer {i * 7919 % 99991} Number {i}" for i in number],
        "consignee_country": "DE",
        "nature": "sale",
        "hs_code": "940510",
        "origin_country": "CN",
        "description": "goods of the heading",
        "net_weight_kg": quantity,
        "gross_weight_kg": quantity,
        "value": value.round(2),
        "currency": "EUR",
    })


def below_line(night):
    x, y = np.log(night.net_weight_kg.values), np.log(night.value.values)
    weight = np.ones(len(x))
    for _ in range(50):
        rest = y - np.polyval(np.polyfit(x, y, 1, w=np.sqrt(weight)), x)
        u = rest / (4.685 * max(1.4826 * np.median(np.abs(rest - np.median(rest))), 1e-3))
        weight = np.where(np.abs(u) < 1, (1 - u * u) ** 2, 1e-9)
    return -rest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program", default="target/release/parcel-risk")
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    print(f"{'set':<22} lines  cut to  recall  false   at 1 % and AUC: program, robust line")
    with tempfile.TemporaryDirectory() as folder:
        for name, quantity, value, consignor in sets(options.folder):
            known = ((quantity > 0) & (value > 0)).values
            quantity, value, consignor = quantity.values[known], value.values[known], consignor[known]
            for factor in (1, 0.25, 0.5):
                rows = []
                for seed in range(options.seeds if factor != 1 else 1):
                    cut = np.random.default_rng(seed).random(len(value)) < (0.05 if factor != 1 else 0.0)
                    night = manifest(quantity, np.where(cut, value * factor, value), consignor)
                    flagged, score = screened(options.program, night, pathlib.Path(folder))
                    ranks = [ranking(s, cut).split() for s in (score, below_line(night))] if factor != 1 else []
                    recall = flagged[cut].mean() if factor != 1 else np.nan
                    rows.append([recall, 100 * flagged[~cut].mean(), *(float(v) for rank in ranks for v in rank)])
                recall, false, *ranks = np.mean(rows, axis=0)
                ranks = "   ".join(f"{a:.3f} {b:.4f}" for a, b in zip(ranks[::2], ranks[1::2]))
                recall = "      -" if factor == 1 else f"{recall:7.3f}"
                print(f"{name:<22} {len(value):5}  {factor:<6} {recall}  {false:.2f} %   {ranks}", flush=True)


if __name__ == "__main__":
    main()
