"""scikit-learn: parameters and scores of a fitted estimator; the candidates of a search.

Used by training code. Guarantees that an estimator is only read.
"""

from typing import Any

from sklearn import metrics
from sklearn.base import is_classifier, is_regressor

import mlsteam


def log_parameters(track: mlsteam.Track, estimator: Any, key: str = "parameters/model") -> None:
    """Set the class and all parameters, also those of a pipeline's steps."""
    values = {name: value for name, value in estimator.get_params(deep=True).items() if value is not None}
    track[key] = {"class": type(estimator).__name__} | {
        name.replace("__", "/"): value if isinstance(value, bool | int | float | str) else str(value)[:1000]
        for name, value in values.items()
    }


def log_scores(
    track: mlsteam.Track, estimator: Any, features: Any, target: Any, *, key: str = "test", step: float | None = None
) -> dict[str, float]:
    """Add a point to each score that is usual for the kind of estimator, and return them."""
    found = estimator.predict(features)
    scores: dict[str, float]
    if is_classifier(estimator):
        scores = {
            "accuracy": metrics.accuracy_score(target, found),
            "balanced_accuracy": metrics.balanced_accuracy_score(target, found),
            "f1": metrics.f1_score(target, found, average="macro"),
        }
        if hasattr(estimator, "predict_proba"):
            shares = estimator.predict_proba(features)
            scores["log_loss"] = metrics.log_loss(target, shares, labels=estimator.classes_)
    elif is_regressor(estimator):
        scores = {
            "r2": metrics.r2_score(target, found),
            "mean_absolute_error": metrics.mean_absolute_error(target, found),
            "mean_squared_error": metrics.mean_squared_error(target, found),
        }
    else:
        scores = {"score": estimator.score(features, target)}
    track.log({f"{key}/{name}": float(score) for name, score in scores.items()}, step=step)
    return scores


def log_search(track: mlsteam.Track, search: Any, key: str = "search") -> None:
    """Add a point for each candidate of a fitted GridSearchCV or RandomizedSearchCV, and set the best parameters."""
    results = search.cv_results_
    for number, parameters in enumerate(results["params"]):
        values = {name: results[name][number] for name in ("mean_test_score", "std_test_score", "mean_fit_time")}
        track.log({f"{key}/{name}": float(value) for name, value in values.items()}, step=number)
        track[f"{key}/candidate"].log(str(parameters), step=number)
    track[f"{key}/best_score"] = float(search.best_score_)
    track[f"{key}/best"] = {name: str(value) for name, value in search.best_params_.items()}
