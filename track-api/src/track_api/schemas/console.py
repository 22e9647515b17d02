"""Console lines."""

from pydantic import BaseModel, ConfigDict, Field


class LineOut(BaseModel):
    """One line, numbered from 0 within its stream, or within all that are read as one."""

    number: int
    stream: str
    time: float
    text: str


class ConsoleOut(BaseModel):
    """Some lines of a stream, or of several in the order of their times.

    `next` is a cursor, for `after`: it says how many lines of each stream have been seen. Numbers change where a line
    comes later than its time; a cursor goes on where it was. `begin` is the one these lines follow.
    """

    model_config = ConfigDict(populate_by_name=True)

    stream: str
    n_lines: int
    first: int = Field(serialization_alias="from")
    begin: str
    next: str
    lines: list[LineOut]


class HitsOut(BaseModel):
    """Numbers of lines that hold a text; the lines up to `next_line` (excluded) have been searched."""

    stream: str
    n_lines: int
    numbers: list[int]
    next_line: int
