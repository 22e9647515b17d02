"""The one table: our figure, how it was taken, the target, the other tool's figure, the ratio."""

import math
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """A limit that a figure should keep, in the figure's own unit."""

    limit: float
    is_least: bool

    def is_met(self, value: float) -> bool:
        """Say whether a figure keeps it."""
        return value >= self.limit if self.is_least else value <= self.limit


def at_least(limit: float) -> Target:
    """Make a target of a figure that should be large."""
    return Target(limit, is_least=True)


def at_most(limit: float) -> Target:
    """Make a target of a figure that should be small."""
    return Target(limit, is_least=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    section: str
    figure: str
    value: float
    unit: str
    how: str
    target: Target | None = None
    # The other tool's figure in the same unit; the ratio tells how many times better we are, whichever way is better.
    peer: float | None = None
    more_is_better: bool = True

    def cells(self) -> list[str]:
        """Return the cells as text."""
        target = ratio = ""
        if self.target is not None:
            sign, verdict = "≥" if self.target.is_least else "≤", "met" if self.target.is_met(self.value) else "MISSED"
            target = f"{sign} {number(self.target.limit)}: {verdict}"
        if self.peer is not None and self.peer and self.value:
            ratio = f"{number(self.value / self.peer if self.more_is_better else self.peer / self.value)} x"
        peer = "" if self.peer is None else number(self.peer)
        return [self.section, self.figure, f"{number(self.value)} {self.unit}".strip(), target, peer, ratio, self.how]


_HEAD = ["section", "figure", "ours", "target", "peer", "ratio", "how taken"]


def number(value: float) -> str:
    """Write a number with three digits that mean something."""
    if math.isnan(value):
        return "failed"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"


def table(rows: list[Row]) -> str:
    """Return the table as Markdown whose columns stand below each other."""
    cells = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def write_results(file: Path, rows: list[Row], facts: dict[str, str], failures: list[str]) -> None:
    """Write the table with the facts of the machine that it is true for."""
    lines = ["# Results", "", "Written by `make bench`; figures of one machine at one time, only ratios travel.", ""]
    lines += [f"- {name}: {fact}" for name, fact in facts.items()]
    lines += ["", table(rows), ""]
    lines += [f"FAILED: {failure}" for failure in failures]
    file.write_text("\n".join(lines).rstrip() + "\n")
