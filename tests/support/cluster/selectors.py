"""Label and field selectors of lists and watches."""

import re
from typing import Any

Object = dict[str, Any]
_SET = re.compile(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)")


def matches(item: Object, labels: str, fields: str) -> bool:
    """Say whether an object is selected."""
    given = item["metadata"].get("labels", {})
    return all(_label(given, term) for term in _terms(labels)) and all(_field(item, term) for term in _terms(fields))


def _terms(selector: str) -> list[str]:
    return [term.strip() for term in re.split(r",(?![^(]*\))", selector) if term.strip()]


def _label(given: dict[str, str], term: str) -> bool:
    if found := _SET.fullmatch(term):
        wanted = {value.strip() for value in found[3].split(",")}
        return (given.get(found[1]) in wanted) is (found[2] == "in")
    if "!=" in term:
        name, value = term.split("!=")
        return given.get(name) != value
    if "=" in term:
        name, value = re.split("==?", term)
        return given.get(name) == value
    return term[1:] not in given if term.startswith("!") else term in given


def _field(item: Object, term: str) -> bool:
    is_other = "!=" in term
    path, value = re.split("!=|==?", term)
    found: Any = item
    for part in path.split("."):
        found = found.get(part, {}) if isinstance(found, dict) else {}
    return (str(found) == value) is not is_other
