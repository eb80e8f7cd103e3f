#!/usr/bin/env python3
"""Writes a data directory with one endpoint, so that `martlet serve` answers without a control plane.

usage: serving_model.py FOLDER [TREES]

The model is LightGBM text with random splits: what it says means nothing, what it costs is what a trained one of the
same size costs (default 300 trees of 63 leaves, 12 features).
"""

import json
import random
import sys
from pathlib import Path

FEATURES = [f"f{i}" for i in range(12)]


def tree(number: int, rng: random.Random, depth: int = 6) -> str:
    inner = 2**depth - 1
    leaves = inner + 1
    left = [2 * i + 1 if 2 * i + 1 < inner else -(2 * i + 1 - inner) - 1 for i in range(inner)]
    right = [2 * i + 2 if 2 * i + 2 < inner else -(2 * i + 2 - inner) - 1 for i in range(inner)]
    lines = {
        "num_leaves": leaves, "num_cat": 0,
        "split_feature": [rng.randrange(len(FEATURES)) for _ in range(inner)],
        "split_gain": [1] * inner,
        "threshold": [round(rng.gauss(0, 1), 6) for _ in range(inner)],
        "decision_type": [10] * inner, "left_child": left, "right_child": right,
        "leaf_value": [round(rng.gauss(0, 0.05), 6) for _ in range(leaves)],
        "leaf_weight": [1] * leaves, "leaf_count": [1] * leaves, "internal_value": [0] * inner,
        "internal_weight": [1] * inner, "internal_count": [2] * inner, "is_linear": 0, "shrinkage": 0.1,
    }
    body = "\n".join(f"{key}={' '.join(map(str, value)) if isinstance(value, list) else value}" for key, value in lines.items())
    return f"Tree={number}\n{body}\n\n"


def model_text(trees: int) -> str:
    rng = random.Random(7)
    texts = [tree(number, rng) for number in range(trees)]
    head = "\n".join([
        "tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0",
        f"max_feature_idx={len(FEATURES) - 1}", "objective=binary sigmoid:1", f"feature_names={' '.join(FEATURES)}",
        f"feature_infos={' '.join(['[-5:5]'] * len(FEATURES))}",
        f"tree_sizes={' '.join(str(len(text)) for text in texts)}"])
    return head + "\n\n" + "".join(texts) + "end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n"


def main() -> None:
    data = Path(sys.argv[1])
    package = data / "packages" / "bench@1"
    package.mkdir(parents=True, exist_ok=True)
    (data / "scoring").mkdir(exist_ok=True)
    fields = [{"name": name, "type": "double", "required": True} for name in FEATURES]
    files = {
        "signature.json": {"inputs": fields, "outputs": [{"name": "prediction", "type": "double", "required": True}]},
        "features.json": [],
        "preparation.json": {
            "inputs": [{"name": name, "isText": False} for name in FEATURES], "operations": [], "outputs": FEATURES},
        "estimator.json": {"kind": "lightgbm"},
        "examples.json": [],
    }
    for name, value in files.items():
        (package / name).write_text(json.dumps(value))
    (package / "model.txt").write_text(model_text(int(sys.argv[2]) if len(sys.argv) > 2 else 300))
    configuration = {
        "epoch": 1, "tables": [],
        "endpoints": [{
            "name": "bench", "project": "bench", "features": [], "epoch": 1,
            "log": {"share": 1, "idColumn": "id", "required": False},
            "variants": [{
                "modelVersion": {"model": "bench", "version": 1}, "packageFolder": "packages/bench@1", "share": 1,
                "role": "champion"}]}]}
    (data / "scoring" / "configuration.json").write_text(json.dumps(configuration))
    row = [round(random.Random(3).gauss(0, 1), 4) for _ in FEATURES]
    for rows in (1, 100, 10_000):
        body = {"dataframe_split": {"columns": ["id", *FEATURES], "data": [[f"r{i}", *row] for i in range(rows)]}}
        (data / f"body-{rows}.json").write_text(json.dumps(body))


if __name__ == "__main__":
    main()
