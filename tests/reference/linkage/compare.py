"""Who is who, side by side with Splink: `python3 tests/reference/linkage/compare.py [--sets 1,2,3,4,hard] [--binary PATH]`.

Makes its own virtual environment with pinned packages, makes manifests of the FEBRL sets and of the hard manifest,
screens them with `parcel-risk run`, links the same records with a Splink model set up as its documentation
advises, and prints F1 of pairs and clusters, time and memory of both as Markdown (Splink links; `parcel-risk` also
reads, looks for every kind of abuse and writes its report, so its linking stands beside the whole). F1 of clusters counts the pairs that
share a cluster; "whole" is the F1 of clusters that are right as a whole.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "linkage"
DATE = "2026-05-20"


def environment():
    """Runs this file again inside its own virtual environment."""
    python = WORK / "venv" / "bin" / "python"
    stamp = WORK / "venv" / "requirements.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(WORK / "venv")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(HERE / "requirements.txt")], check=True)
        stamp.write_text(wanted)
    os.execv(python, [str(python), str(Path(__file__).resolve()), "--inside", *sys.argv[1:]])


def product(binary, parties, name):
    """The entity of each record, seconds in all and for linking alone, and peak memory (MiB) of `parcel-risk run`."""
    import manifests
    import pyarrow.parquet as parquet

    path, out = WORK / f"{name}.csv", WORK / f"{name}.out"
    manifests.write(parties, path, DATE)
    command = [binary, "run", "--quiet", "--postal", str(path), "--destination", "AU", "--date", DATE]
    command += ["--out", str(out), "--set", "output.entity_links=true", "--set", "output.timing=true"]
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(command)} ended with status {status}")
    links = parquet.read_table(out / "entity_links.parquet").to_pydict()
    of = dict(zip(links["parcel_id"], links["consignee_entity"]))
    # A record in quarantine (no name at all) is linked with nobody.
    left = [p["record"] for p in parties if p["record"] not in of]
    of.update({record: f"quarantined {record}" for record in left})
    stages = json.loads((out / "timing.json").read_text())["stages"]
    linking = next(stage["seconds"] for stage in stages if stage["stage"] == "resolve")
    return of, (linking, seconds), usage.ru_maxrss // 1024, len(left)


def splink(records, name):
    """What `splink_model.py` says of the same records."""
    path, out = WORK / f"{name}.splink.csv", WORK / f"{name}.splink.json"
    columns = list(records[0])
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(records)
    subprocess.run([sys.executable, str(HERE / "splink_model.py"), str(path), str(out)], check=True, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text())


def for_splink(parties):
    """The hard manifest as Splink wants it: name and address cut into parts."""
    rows = []
    for p in parties:
        first, _, last = p["name"].partition(" ")
        words = p["address"].replace(",", " ").split()
        number = next((w for w in words if w[0].isdigit()), "")
        rest = " ".join(w for w in words if w != number)
        row = {"unique_id": p["record"], "who": p["who"], "given_name": first, "surname": last}
        row.update(street_number=number, address_1=rest, address_2="", suburb=p["city"], postcode=p["postcode"], state="")
        rows.append({**row, "phone": "".join(c for c in p["phone"] if c.isdigit()), "email": p["email"]})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sets", default="1,2,3,4,hard")
    parser.add_argument("--binary", default=str(ROOT / "target" / "release" / "parcel-risk"))
    parser.add_argument("--no-splink", action="store_true")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    if not arguments.inside:
        environment()
    sys.path.insert(0, str(HERE))
    import hard
    import manifests

    if not Path(arguments.binary).exists():
        subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    print("| set | records | engine | precision | recall | F1 of clusters | whole | F1 of pairs | linking, s | whole run, s | MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    notes, kinds = [], None
    for name in arguments.sets.split(","):
        if name == "hard":
            parties = hard.manifest()
            records = for_splink(parties)
        else:
            raw = manifests.febrl(int(name))
            parties = [manifests.as_party(r) for r in raw]
            records = [{"unique_id": r["record"], "who": r["who"], **{c: r[c] for c in manifests.FEBRL_COLUMNS}} for r in raw]
            name = f"febrl{name}"
        truth = {p["record"]: p["who"] for p in parties}
        of, seconds, memory, left = product(arguments.binary, parties, name)
        scored = manifests.scores(of, truth)
        line(name, truth, "parcel-risk", scored, None, seconds, memory)
        if left:
            notes.append(f"{name}: {left} records without any name are quarantined by contract and count as not found.")
        if name == "hard":
            kinds = by_kind(parties, of)
        if not arguments.no_splink:
            said = splink(records, name)
            line(name, truth, "Splink", said["cluster"], said["pair_f1"], (said["seconds"], None), said["memory"])
            at = said["at_95_percent"]["f1"]
            notes.append(
                f"{name}: Splink's best threshold in hindsight is {said['cluster']['threshold']} bits; at 95 % probability "
                f"its F1 of clusters is {at:.4f}. It took {said['seconds'] / seconds[0]:.0f} times as long as linking here, "
                f"and {said['seconds'] / seconds[1]:.0f} times as long as the whole run."
            )
    print("\n" + "\n".join(f"- {note}" for note in notes))
    if kinds:
        print("\n| hard manifest, kind | stories right | of |\n| --- | --- | --- |")
        for kind, (right, total) in sorted(kinds.items()):
            print(f"| {kind} | {right} | {total} |")


def line(name, truth, engine, scored, pair_f1, seconds, memory):
    shares = " | ".join(f"{scored[k]:.4f}" for k in ("precision", "recall", "f1", "exact"))
    pairs = "as clusters" if pair_f1 is None else f"{pair_f1:.4f}"
    linking, whole = (f"{s:.2f}" if s else "" for s in seconds)
    print(f"| {name} | {len(truth)} | {engine} | {shares} | {pairs} | {linking} | {whole} | {memory} |", flush=True)


def by_kind(parties, of):
    """Evasions: people whose declarations are one entity. Twins: declarations that share an entity with nobody else."""
    people, entity = defaultdict(list), defaultdict(set)
    for p in parties:
        people[p["kind"], p["who"]].append(of[p["record"]])
        entity[of[p["record"]]].add(p["who"])
    kinds = defaultdict(lambda: [0, 0])
    for (kind, _), entities in people.items():
        right = len(set(entities)) == 1 and all(len(entity[e]) == 1 for e in entities)
        kinds[kind][0] += right
        kinds[kind][1] += 1
    return kinds


if __name__ == "__main__":
    main()
