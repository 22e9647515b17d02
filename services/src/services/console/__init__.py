"""Console lines: append, page, tail."""
