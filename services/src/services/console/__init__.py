"""Console lines: append, page, tail; several streams as one; search."""
