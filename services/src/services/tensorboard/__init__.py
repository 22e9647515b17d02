"""A track's data in the form TensorBoard reads."""
