"""One batch in: checked, committed with others, transposed later."""
