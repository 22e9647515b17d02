"""`track.log({...})`: the values of one step as one row of the spool.

Called by track.py. Guarantees that the numbers of a call are written all or none, and what is wrong with any value of a
call is raised before the first is written.
"""

import struct
from collections.abc import Mapping

from mlsteam.keys import check_key
from mlsteam.records import Kind, Record
from mlsteam.spool import Spool, SpoolKey, SpoolLayout
from mlsteam.values import Value, flatten

# A row of more values than this is written as several.
_MAX_WIDTH = 4096
_MAX_LAYOUTS = 1000
_KINDS = {float: Kind.SERIES_FLOAT, int: Kind.SERIES_INT, bool: Kind.SERIES_BOOL}


class RowLog:
    """Remembers the layouts of one writer: a training logs the same keys with every step."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._layouts: dict[tuple[tuple[str, ...], tuple[type, ...]], tuple[SpoolLayout, struct.Struct]] = {}

    def log(self, values: Mapping[str, object], time: float, step: float) -> None:
        """Write the values of one time and step. Raises: BadKeyError, BadValueError."""
        names, plain = tuple(values), tuple(values.values())
        types = tuple(map(type, plain))
        known = self._layouts.get((names, types))
        if known is not None:
            try:
                packed = known[1].pack(*plain)
            except struct.error:
                # An integer of more than 64 bits; the way below says so.
                known = None
            else:
                self._spool.append_row(known[0], time, step, packed)
        if known is None:
            self._log_leaves(dict(flatten("", values)), time, step)

    def _log_leaves(self, leaves: dict[str, Value], time: float, step: float) -> None:
        numbers = [(key, value) for key, value in leaves.items() if not isinstance(value, str)]
        for start in range(0, len(numbers), _MAX_WIDTH):
            names, values = zip(*numbers[start : start + _MAX_WIDTH], strict=True)
            layout, form = self._layout(names, tuple(map(type, values)))
            self._spool.append_row(layout, time, step, form.pack(*values))
        for key, value in leaves.items():
            if isinstance(value, str):
                self._spool.append_entry(Record(Kind.SERIES_STR, key, time, step, 0, value))

    def _layout(self, names: tuple[str, ...], types: tuple[type, ...]) -> tuple[SpoolLayout, struct.Struct]:
        found = self._layouts.get((names, types))
        if found is None:
            if len(self._layouts) >= _MAX_LAYOUTS:
                self._layouts.clear()
            keys = [SpoolKey(check_key(name), _KINDS[of_type]) for name, of_type in zip(names, types, strict=True)]
            form = struct.Struct("<" + "".join("d" if of_type is float else "q" for of_type in types))
            found = self._layouts[names, types] = (SpoolLayout(keys), form)
        return found
