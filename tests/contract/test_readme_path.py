"""The path of a .log() in README.md is true: every file and symbol in it exists, and each row calls the next."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (\d+) \| \[?`([^`]+?) :: ([\w.]+)`\]?(?:\([^)]*\))? \| (.*?) \| (.*?) \|$", re.MULTILINE)


def _rows() -> list[tuple[str, str, str, str]]:
    text = (ROOT / "README.md").read_text()
    section = text.split("## The path of a `.log()`", 1)[1].split("\n## ", 1)[0]
    return [(m[1], m[2], m[3], m[4]) for m in _ROW.finditer(section)]


def test_the_table_is_there_and_in_order() -> None:
    numbers = [int(row[0]) for row in _rows()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 13


def test_every_file_and_symbol_exists() -> None:
    for number, file, symbol, _ in _rows():
        text = (ROOT / file).read_text()
        name = symbol.rsplit(".", 1)[-1]
        assert re.search(rf"\b(def|class|function|const) {re.escape(name)}\b", text), (
            f"row {number}: {symbol} in {file}"
        )


def test_what_a_row_calls_appears_in_its_file() -> None:
    called = 0
    for number, file, _, what in _rows():
        text = (ROOT / file).read_text()
        for name in re.findall(r"calls `([\w.]+)`", what):
            called += 1
            assert name.rsplit(".", 1)[-1] in text, f"row {number}: {file} does not call {name}"
    assert called >= 6
