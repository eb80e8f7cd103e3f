"""Makes the small LightGBM models and predictions beside this file: python3 with lightgbm 4.7.0 and numpy 2.4.6.

Each NAME.txt is a text model, each NAME.json holds rows (null is missing) with LightGBM's raw and final predictions.
"""
import json
import os

import lightgbm as lgb
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(7)
N = 1500
X = np.column_stack([
    rng.normal(size=N), rng.integers(0, 12, N), rng.exponential(2, N) * (rng.random(N) > 0.4), rng.integers(0, 70, N),
]).astype(float)
logit = X[:, 0] + np.where(np.isin(X[:, 1], [2, 3, 7]), 1.5, -0.5) + 0.3 * X[:, 2] - 0.7 * (X[:, 3] % 5 == 0)
y = (rng.random(N) < 1 / (1 + np.exp(-logit))).astype(float)
value = np.abs(logit * 3 + rng.normal(size=N)) + 0.1
classes = np.digitize(logit, [-0.5, 1]).astype(float)
M = X.copy()
M[rng.random(M.shape) < 0.15] = np.nan

base = {"verbose": -1, "seed": 3, "num_threads": 1, "deterministic": True, "num_leaves": 8, "learning_rate": 0.2,
        "min_data_in_leaf": 10, "min_data_per_group": 10, "cat_smooth": 1.0}
cases = {
    "binary_missing_categorical": (M, y, {"objective": "binary"}, [1, 3], 12),
    "binary_zero_as_missing": (M, y, {"objective": "binary", "zero_as_missing": True, "sigmoid": 1.7}, [], 8),
    "binary_no_missing": (X, y, {"objective": "binary", "use_missing": False}, [1], 6),
    "regression_sqrt": (M, value, {"objective": "regression", "reg_sqrt": True}, [], 8),
    "regression_forest": (M, value, {"objective": "regression", "boosting": "rf", "bagging_freq": 1,
                                     "bagging_fraction": 0.6, "feature_fraction": 0.8}, [1], 6),
    "poisson": (M, np.floor(value), {"objective": "poisson"}, [1], 6),
    "multiclass": (M, classes, {"objective": "multiclass", "num_class": 3}, [1, 3], 4),
    "multiclassova": (M, classes, {"objective": "multiclassova", "num_class": 3}, [], 3),
    "cross_entropy_lambda": (M, y, {"objective": "cross_entropy_lambda"}, [], 5),
    "lambdarank": (M, y, {"objective": "lambdarank"}, [], 5),
    "one_leaf": (X, y, {"objective": "binary", "min_data_in_leaf": 5000}, [], 2),
}
odd = np.array([
    [np.nan] * 4, [0.0] * 4, [1e-36, -1e-36, 1e-40, 0.0], [1e300, 99.0, -1e300, 1e10], [-1.0, -1.0, -1.0, -1.0],
    [0.5, 2.5, 0.5, 2.999], [np.inf, 3.0, -np.inf, 64.0], [0.1, 31.0, 0.2, 32.0], [0.1, 33.0, 0.2, 63.0],
])
for name, (data, label, parameters, categories, rounds) in cases.items():
    group = [50] * (N // 50) if parameters["objective"] == "lambdarank" else None
    train = lgb.Dataset(data, label, group=group, feature_name=["a", "b", "c", "d"], categorical_feature=categories,
                        params=base)
    model = lgb.train({**base, **parameters}, train, rounds)
    model.save_model(os.path.join(here, name + ".txt"))
    model = lgb.Booster(model_file=os.path.join(here, name + ".txt"))
    rows = np.vstack([M[:60], X[60:80], odd])
    with open(os.path.join(here, name + ".json"), "w") as file:
        json.dump({
            "rows": [[None if np.isnan(v) else ("Infinity" if v == np.inf else "-Infinity" if v == -np.inf else v)
                      for v in row] for row in rows.tolist()],
            "raw": np.atleast_1d(model.predict(rows, raw_score=True)).ravel().tolist(),
            "prediction": model.predict(rows).ravel().tolist(),
            "split": dict(zip(model.feature_name(), map(int, model.feature_importance("split")))),
            "gain": dict(zip(model.feature_name(), map(float, model.feature_importance("gain")))),
        }, file, separators=(",", ":"))

linear = lgb.train({**base, "objective": "regression", "linear_tree": True, "num_leaves": 3},
                   lgb.Dataset(X, value, feature_name=["a", "b", "c", "d"], params={**base, "linear_tree": True}), 1)
linear.save_model(os.path.join(here, "linear_tree.txt"))
