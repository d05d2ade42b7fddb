"""Reference values for src/stats/density.rs.

    pip install rddensity==3.0
    python tests/reference/density.py > tests/reference/density/facts.csv

Runs the Python package `rddensity` with its defaults on the margins of United States Senate elections
(tests/reference/density/senate.csv) and on sets made by formula, which the test makes again.
"""

import csv
import pathlib
import sys
import warnings

import numpy as np
from rddensity import rddensity

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent / "density"


def uniform(seed):
    """A linear congruential generator, modulus 2**31."""
    state = seed
    while True:
        state = (state * 1103515245 + 12345) % 2**31
        yield (state + 0.5) / 2**31


def smooth(n, seed):
    """Skewed values between 0.2 and 11, to four decimals."""
    u = uniform(seed)
    out = []
    for _ in range(n):
        a, b = next(u), next(u)
        out.append(round(0.2 + 9.0 * a * a * b + 2.0 * b, 4))
    return out


def crowded(n, seed, cutoff, every):
    """Smooth values, every so many of them moved into the tenth under the cutoff."""
    u = uniform(seed + 1)
    return [
        round(cutoff - 0.1 * next(u), 4) if i % every == 0 else x for i, x in enumerate(smooth(n, seed))
    ]


def heaped(n, seed):
    """Prices in whole tenths: mass points, none of them at the cutoff of 1.95."""
    return [round(x * 10.0) / 10.0 for x in smooth(n, seed)]


def charming(n, seed):
    """Two thirds of the values end in .99, the others are free."""
    return [int(x) + 0.99 if i % 3 else x for i, x in enumerate(smooth(n, seed))]


SETS = {
    "senate": ([float(row["margin"]) for row in csv.DictReader(open(HERE / "senate.csv"))], 0.0),
    "smooth": (smooth(3000, 7), 2.0),
    "crowded": (crowded(3000, 11, 2.0, 10), 2.0),
    "heaped": (heaped(2000, 3), 1.95),
    "charming": (charming(1500, 5), 3.0),
    "small": (smooth(60, 13), 1.5),
    "tail": (smooth(800, 17), 6.0),
}

out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["set", "cutoff", "n", "left", "right", "h_left", "h_right", "f_left", "f_right", "se", "t", "p"])
for name, (values, cutoff) in SETS.items():
    found = rddensity(np.array(values), c=cutoff)
    out.writerow(
        [name, cutoff, len(values), found.n["left"], found.n["right"]]
        + [repr(float(found.h[side])) for side in ("left", "right")]
        + [repr(float(found.hat[side])) for side in ("left", "right")]
        + [repr(float(found.sd_jk["diff"])), repr(float(found.test["t_jk"])), repr(float(found.test["p_jk"]))]
    )
