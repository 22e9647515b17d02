"""Which tracks of a project are asked for, in which order. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.listing.conditions import All, AnyOf, Compare, Has, Node, Not, OneOf, Word
from services.listing.match import Sort
from services.listing.query import parse_query


@dataclass(frozen=True, slots=True)
class Question:
    """Which tracks, in which order."""

    node: Node
    text: str
    sorts: tuple[Sort, ...]

    @classmethod
    def of(cls, text: str, sorts: tuple[Sort, ...], now: datetime, *more: Node) -> "Question":
        """Read a query; `more` must hold, too. Raises: BadQuery."""
        node = parse_query(text, now)
        # A span back from now moves on, so an answer is remembered for a minute.
        name = f"{text}|{more}|{now:%Y%m%d%H%M}"
        return cls(All((node, *more)) if more else node, name, sorts)


def needs_values(node: Node) -> bool:
    """Say whether parameters or metrics decide."""
    match node:
        case Compare(field, _, _) | Has(field):
            return bool(field.key)
        case Not(inner):
            return needs_values(inner)
        case All(nodes) | AnyOf(nodes):
            return any(map(needs_values, nodes))
        case Word() | OneOf():
            return False
