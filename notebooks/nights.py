"""Nights for the notebooks: the sample and made-up ones, screened by the program itself.

The program is `parcel-risk` on the path, or what the variable PARCEL_RISK names.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = Path("sample_data")
PROGRAM = os.environ.get("PARCEL_RISK", "parcel-risk")
if os.sep in PROGRAM:
    PROGRAM = os.path.abspath(PROGRAM)
_WORK = tempfile.TemporaryDirectory(prefix="parcel-risk-")
WORK = Path(_WORK.name)

BLUE, RED, GREY, INK = "#0a58a8", "#a9231b", "#a9b6c6", "#16202c"
FAMILIES = {
    "splitting": BLUE, "under_invoicing": "#8a4b00", "de_minimis_abuse": "#7b2d8b",
    "misdeclaration": "#00695c", "data_quality": "#5f6368", "security": "#b3261e",
}
plt.rcParams.update({
    "figure.figsize": (8.5, 3.6), "figure.dpi": 96, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.alpha": 0.25, "axes.axisbelow": True, "font.size": 10, "svg.hashsalt": "parcel-risk",
})


def parcel_risk(*arguments):
    """Runs the program and returns what it prints."""
    # In the repository's folder, so that paths of the sample read the same on every machine.
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def sample(*settings):
    """Screens the sample; the folder of its output."""
    out = WORK / "sample"
    parcel_risk("run", SAMPLE / "nightly.toml", "--quiet", "--out", out, *settings)
    return out


def made_up(parcels=40_000, seed=1, destination="DE", date="2026-05-20", **options):
    """Manifests of a made-up night with its truth; their folder."""
    folder = WORK / f"made-{destination}-{date}-{parcels}-{seed}"
    flags = [f"--{key}={value}" for key, value in options.items()]
    parcel_risk("synth", "--parcels", parcels, "--seed", seed, "--destination", destination, "--date", date,
                "--out", folder, *flags)
    return folder


def screened(folder, destination="DE", date="2026-05-20", name="out", *settings):
    """Screens the manifests of a folder; the folder of the output."""
    out = folder / name
    parcel_risk("run", "--quiet", "--postal", folder / "postal.parquet", "--express", folder / "express.parquet",
                "--rates", folder / "rates.csv", "--destination", destination, "--date", date, "--out", out, *settings)
    return out


def record(out):
    """The record of a run."""
    return json.loads((out / "run.json").read_text())
