"""Values: what goes in as text comes out as the same value of the same type."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.core.values import INT64_MAX, INT64_MIN, Value, from_text, to_json, to_text, type_of

_VALUES = st.one_of(st.booleans(), st.integers(INT64_MIN, INT64_MAX), st.floats(), st.text())


@given(_VALUES)
def test_text_form_is_exact(value: Value) -> None:
    back = from_text(type_of(value), to_text(value))
    assert type(back) is type(value)
    assert back == value or (isinstance(value, float) and math.isnan(value) and math.isnan(back))


def test_json_names_what_json_cannot_say() -> None:
    assert [to_json(v) for v in (math.nan, math.inf, -math.inf, 1.5, "nan")] == [
        "NaN",
        "Infinity",
        "-Infinity",
        1.5,
        "nan",
    ]
