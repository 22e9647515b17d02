"""Config values: one key, one replaceable value."""
