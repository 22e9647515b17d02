"""Words without I/O: errors, keys, ids, clock, settings, supervision."""
