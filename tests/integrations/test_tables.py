"""What `fetch_values` gives in pandas, polars and Arrow, of a series of one type and of one that mixes them."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from integrations.conftest import PYTHON
from support.client_site import environment_of_site
from support.postgres import TestServer

_CODE = """
import json, math, mlsteam
with mlsteam.init() as track:
    track["float"].extend([0.1, math.nan, -math.inf], steps=[1, 2, 3], timestamps=[1.5, 2.5, 3.5])
    track["int"].extend([2**62 + 1, -3], timestamps=[1.5, 2.5])
    track["bool"].extend([True, False], timestamps=[1.5, 2.5])
    track["text"].extend(["a", "1e3"], timestamps=[1.5, 2.5])
    track["mixed"].extend([1, 2.5, "3", True, "true"], timestamps=range(5))
    track["numbers"].extend([1, 2.5], timestamps=range(2))
    assert track.wait(60)
    found = {}
    for key in ("float", "int", "bool", "text", "mixed", "numbers"):
        assert type(track[key].fetch_values()).__module__.startswith("pandas")
        for form in ("pandas", "polars", "arrow", "list"):
            table = track[key].fetch_values(form)
            if form == "pandas":
                assert list(table.columns) == ["step", "time", "value"]
                values = table["value"].tolist()
            elif form == "polars":
                assert table.columns == ["step", "time", "value"]
                values = table["value"].to_list()
            elif form == "arrow":
                assert table.column_names == ["step", "time", "value"]
                values = table["value"].to_pylist()
            else:
                values = [value for *_, value in table]
            found[f"{key} {form}"] = [repr(value) for value in values]
    frame = mlsteam.tracks(columns=["m.float"])
    assert frame["name"].tolist()[0] == track.name
    assert frame["m.float"].tolist()[0] == -math.inf
print(json.dumps(found))
"""
_SAME = {
    "float": ["0.1", "nan", "-inf"],
    "int": [str(2**62 + 1), "-3"],
    "bool": ["True", "False"],
    "text": ["'a'", "'1e3'"],
}


@pytest.fixture
def variables(postgres: TestServer, tmp_path: Path) -> Iterator[dict[str, str]]:
    with environment_of_site(postgres, tmp_path) as found:
        yield {**os.environ, **found, "MLSTEAM_SPOOL_DIR": str(tmp_path / "spool"), "MLSTEAM_CAPTURE": "none"}


def test_values_come_back_as_they_are_in_every_table(variables: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [PYTHON, "-c", _CODE], env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for key, values in _SAME.items():
        for form in ("pandas", "polars", "arrow", "list"):
            assert found[f"{key} {form}"] == values, (key, form)
    for form in ("pandas", "list"):
        assert found[f"mixed {form}"] == ["1", "2.5", "'3'", "True", "'true'"]
    for form in ("polars", "arrow"):
        # A column of these holds one type.
        assert found[f"mixed {form}"] == ["'1'", "'2.5'", "'3'", "'true'", "'true'"]
    for form in ("pandas", "polars", "arrow", "list"):
        assert [float(value) for value in found[f"numbers {form}"]] == [1.0, 2.5], form
