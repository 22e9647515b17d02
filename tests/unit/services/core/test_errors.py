"""Errors: the tree drawn on top of the file is the tree; every kind has a status; codes are unique."""

import re

from services.core import errors
from services.core.errors import Kind, ServiceError
from services.web.problem import STATUS_OF_KIND


def _all(cls: type[ServiceError]) -> list[type[ServiceError]]:
    return [cls, *(below for sub in cls.__subclasses__() for below in _all(sub))]


def test_the_drawn_tree_is_the_tree() -> None:
    drawn: dict[str, set[str]] = {}
    # A line that begins with nothing but the trunk goes on with the one above it.
    for line in re.sub(r"\n│\s+", " ", errors.__doc__ or "").splitlines():
        if match := re.match(r"[├└]── (\w+)\s+(.*)", line):
            drawn[match[1]] = {name.strip() for name in match[2].split(",")}
    real = {
        kind.__name__: {error.__name__ for error in kind.__subclasses__()} for kind in ServiceError.__subclasses__()
    }
    assert drawn == real


def test_every_kind_has_a_status() -> None:
    assert set(STATUS_OF_KIND) == set(Kind)


def test_codes_are_unique_and_stable_in_form() -> None:
    codes = [error.code for error in _all(ServiceError)]
    assert len(codes) == len(set(codes))
    assert errors.TrackNotFound.code == "track_not_found"


def test_the_docstring_is_the_default_sentence() -> None:
    for error in _all(ServiceError):
        assert error().detail.endswith(".")
