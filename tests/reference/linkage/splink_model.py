"""A fair Splink model (DuckDB) of declared parties, set up as Splink's documentation advises.

Term frequencies on names, city and postcode; eight blocking rules of two fields; u from random pairs; m by expectation
maximisation over three blocking rules; the prior from deterministic rules. The threshold is the best one in
hindsight, found with the truth, which flatters Splink: nobody has the truth at night.
"""

import json
import resource
import sys
import time

COLUMNS = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state")


def link(frame):
    """Scored pairs of a data frame with `unique_id` and the columns above; nulls where empty."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    contacts = [column for column in ("phone", "email") if column in frame and frame[column].notna().any()]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            *[cl.ExactMatch(column).configure(term_frequency_adjustments=True) for column in contacts],
            cl.ForenameSurnameComparison("given_name", "surname", jaro_winkler_thresholds=[0.92, 0.8]),
            cl.DamerauLevenshteinAtThresholds("street_number", [1]),
            cl.JaroWinklerAtThresholds("address_1", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            *(
                [cl.JaroWinklerAtThresholds("address_2", [0.92, 0.8]).configure(term_frequency_adjustments=True)]
                if frame["address_2"].notna().any()
                else []
            ),
            cl.DamerauLevenshteinAtThresholds("suburb", [1, 2]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
            *([cl.ExactMatch("state")] if frame["state"].notna().any() else []),
        ],
        blocking_rules_to_generate_predictions=[
            *[block_on(column) for column in contacts],
            block_on("given_name", "surname"),
            block_on("surname", "postcode"),
            block_on("given_name", "postcode"),
            block_on("surname", "suburb"),
            block_on("given_name", "suburb"),
            block_on("street_number", "address_1"),
            block_on("street_number", "postcode"),
            block_on("street_number", "suburb"),
            block_on("address_1", "suburb"),
            block_on("address_1", "postcode"),
            block_on("address_2", "postcode"),
            block_on("address_2", "suburb"),
        ],
        additional_columns_to_retain=["who"],
    )
    linker = Linker(DuckDBAPI().register(frame), settings)
    linker.training.estimate_probability_two_random_records_match(
        [
            block_on("given_name", "surname", "postcode"),
            block_on("given_name", "surname", "suburb"),
            block_on("surname", "street_number", "address_1"),
        ],
        recall=0.6,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for rule in (
        block_on("given_name", "surname"),
        block_on("street_number", "postcode"),
        block_on("address_1", "suburb"),
    ):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    predictions = linker.inference.predict(threshold_match_probability=0.01)
    return linker, predictions


def main():
    """`splink_model.py INPUT.csv OUTPUT.json`: F1 of pairs and of clusters at the best threshold, seconds, memory."""
    import logging

    import pandas as pd

    import manifests

    logging.disable(logging.WARNING)
    frame = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False).replace("", None)
    truth = dict(zip(frame["unique_id"], frame["who"]))
    real = manifests.pairs(manifests.Counter(truth.values()).values())
    start = time.perf_counter()
    linker, predictions = link(frame)
    predicted = time.perf_counter() - start
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, 0.95).as_pandas_dataframe()
    seconds = time.perf_counter() - start
    table = predictions.as_pandas_dataframe()
    hit = (table["who_l"] == table["who_r"]).to_numpy()
    weight = table["match_weight"].to_numpy()
    order = (-weight).argsort(kind="stable")
    best_pairs, found, both = 0.0, 0, 0
    for i in order:
        found, both = found + 1, both + int(hit[i])
        best_pairs = max(best_pairs, 2 * both / (found + real))
    best = None
    for threshold in (-6, -4, -2, -1, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20):
        of = components(truth, table[weight >= threshold])
        scored = manifests.scores(of, truth)
        if best is None or scored["f1"] > best["f1"]:
            best = {**scored, "threshold": threshold}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    result = {"pair_f1": best_pairs, "cluster": best, "seconds": seconds, "predicted": predicted, "memory": memory}
    result["at_95_percent"] = manifests.scores(dict(zip(clusters["unique_id"], clusters["cluster_id"])), truth)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(result, file)


def components(records, edges):
    """Connected components, as Splink clusters."""
    parent = {r: r for r in records}

    def root(r):
        while parent[r] != r:
            parent[r] = parent[parent[r]]
            r = parent[r]
        return r

    for a, b in zip(edges["unique_id_l"], edges["unique_id_r"]):
        parent[root(a)] = root(b)
    return {r: root(r) for r in records}


if __name__ == "__main__":
    main()
