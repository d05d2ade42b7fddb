"""Price detectors on a year of real shop sales: the set "Online Retail" of the UCI Machine Learning Repository
(D. Chen, 2015, https://doi.org/10.24432/C5BW33, CC BY 4.0).

    python tests/reference/retail.py FOLDER_OR_CSV... [--program target/release/parcel-risk] [--lines 60000]

needs pandas and pyarrow. The files hold the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
CustomerID and Country. Cancelled sales, postage and adjustments are left out. Every sale is written as a parcel of one
line: one consignor, no code, no net weight, one gross weight for all, value = quantity x price. In 5 % of the lines,
drawn by chance, the value is multiplied by a factor. Printed: share of the cut lines flagged, share of the others
flagged, share of the cut lines above the score that 1 % of the others pass, area under the curve of
line_scores.parquet; and the same of two yardsticks: the distance to the median price of the article, and an oracle
that knows which lines are honest and by which factor the others were cut (density of the article's honest prices at
like quantities at the price declared, against that at the price before the cut).
"""

import argparse
import pathlib
import subprocess
import tempfile

import numpy as np
import pandas as pd


def sales(paths, lines):
    files = [f for p in map(pathlib.Path, paths) for f in (sorted(p.rglob("*.csv")) if p.is_dir() else [p])]
    table = pd.concat([pd.read_csv(f, dtype=str) for f in files], ignore_index=True)
    table["Quantity"] = table.Quantity.astype(float)
    table["UnitPrice"] = table.UnitPrice.astype(float)
    # Five digits and perhaps a letter are goods; POST, DOT, M, D, BANK CHARGES and the like are not.
    goods = table.StockCode.str.match(r"^\d{5}") & table.Description.notna()
    table = table[goods & (table.Quantity > 0) & (table.UnitPrice > 0)]
    return table.sample(min(lines, len(table)), random_state=1).reset_index(drop=True)


def manifest(table, factor, seed):
    cut = np.random.default_rng(seed).random(len(table)) < (0.05 if factor != 1 else 0.0)
    value = (table.Quantity * table.UnitPrice).round(2)
    value[cut] = (value[cut] * factor).round(2).clip(lower=0.01)
    number = np.arange(len(table))
    return cut, pd.DataFrame({
        "parcel_id": [f"W{i:08d}" for i in number],
        "date": "2026-05-20",
        "consignor_name": "Giftware Online Ltd",
        "consignor_country": "GB",
        "consignee_name": [f"Buyer {i * 7919 % 99991} Number {i}" for i in number],
        "consignee_country": "DE",
        "nature": "sale",
        "description": table.Description.str.strip(),
        "quantity": table.Quantity,
        "gross_weight_kg": 1.0,
        "value": value,
        "currency": "EUR",
    })


def screened(program, night, folder):
    night.to_csv(folder / "express.csv", index=False)
    subprocess.run(
        [program, "run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--express", folder / "express.csv",
         "--out", folder / "out", "--set", "output.line_scores=true"], check=True)
    flags = pd.read_parquet(folder / "out/flags.parquet")
    flagged = night.parcel_id.isin(flags.parcel_id[flags.family == "under_invoicing"]).values
    scores = pd.read_parquet(folder / "out/line_scores.parquet").set_index("parcel_id").score
    return flagged, night.parcel_id.map(scores).fillna(0.0).values


def median_distance(night):
    price = np.log(night.value / night.quantity)
    return (price.groupby(night.description).transform("median") - price).values


def oracle(night, cut, factor):
    price, quantity = np.log(night.value / night.quantity).values, np.log(night.quantity).values
    score = np.zeros(len(night))
    for _, lines in pd.Series(np.arange(len(night))).groupby(night.description.values):
        lines = lines.values
        honest = lines[~cut[lines]]
        if len(honest) < 2:
            continue
        weight = np.exp(-0.5 * ((quantity[lines, None] - quantity[None, honest]) / 0.7) ** 2) + 0.02
        weight[lines[:, None] == honest[None, :]] = 0.0

        def density(at):
            away = at[:, None] - price[None, honest]
            near = 0.95 * np.exp(-0.5 * (away / 0.01) ** 2) / 0.01 + 0.05 * np.exp(-0.5 * (away / 0.3) ** 2) / 0.3
            return (weight * near).sum(1) / weight.sum(1)

        score[lines] = np.log(density(price[lines] - np.log(factor)) + 1e-9) - np.log(density(price[lines]) + 1e-9)
    return score


def ranking(score, cut):
    rank = pd.Series(score).rank().values
    area = (rank[cut].sum() - cut.sum() * (cut.sum() + 1) / 2) / cut.sum() / (~cut).sum()
    limit = np.sort(score[~cut])[-1 - int((~cut).sum() // 100)]
    return f"{(score[cut] > limit).mean():.3f} {area:.4f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--program", default="target/release/parcel-risk")
    parser.add_argument("--lines", type=int, default=60_000)
    options = parser.parse_args()
    table = sales(options.paths, options.lines)
    print(f"{len(table)} lines, {table.StockCode.nunique()} articles")
    print("cut to  recall  false    at 1 % and AUC: program, median of the article, oracle")
    with tempfile.TemporaryDirectory() as folder:
        for factor in (1, 0.25, 0.5):
            cut, night = manifest(table, factor, 1)
            flagged, score = screened(options.program, night, pathlib.Path(folder))
            false = 100 * flagged[~cut].mean()
            if factor == 1:
                print(f"none         -  {false:.2f} %")
                continue
            others = [ranking(s, cut) for s in (score, median_distance(night), oracle(night, cut, factor))]
            print(f"{factor:<6} {flagged[cut].mean():7.3f}  {false:.2f} %   {'   '.join(others)}")


if __name__ == "__main__":
    main()
