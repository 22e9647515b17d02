"""Config values become hyperparameters that TensorBoard can write as JSON."""

import math

from tensorboard.data import provider

from tb_proxy.board.hyperparameters import Hyperparameters


def test_values_that_json_has_no_number_for_are_words() -> None:
    found = Hyperparameters({"a": {"lr": 0.1, "wd": math.nan}, "b": {"lr": 0.2, "wd": 0.5}, "c": {"wd": math.inf}})
    described = {one.hyperparameter_name: one for one in found.describe(None).hyperparameters}
    assert described["lr"].domain_type is provider.HyperparameterDomainType.DISCRETE_FLOAT
    assert described["wd"].domain_type is provider.HyperparameterDomainType.DISCRETE_STRING
    assert described["wd"].domain == ["0.5", "inf", "nan"]
    shown = [value.value for group in found.read((), (), ["wd"]) for value in group.hyperparameter_values]
    assert shown == ["nan", "0.5", "inf"]
