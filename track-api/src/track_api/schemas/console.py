"""Console lines."""

from pydantic import BaseModel, ConfigDict, Field


class LineOut(BaseModel):
    """One line, numbered from 0 within its stream."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    time: float
    text: str


class ConsoleOut(BaseModel):
    """Some lines of a stream."""

    model_config = ConfigDict(populate_by_name=True)

    stream: str
    n_lines: int
    first: int = Field(serialization_alias="from")
    lines: list[LineOut]


class HitsOut(BaseModel):
    """Numbers of lines that hold a text; the lines up to `next_line` (excluded) have been searched."""

    stream: str
    n_lines: int
    numbers: list[int]
    next_line: int
