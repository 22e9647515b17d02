"""TensorBoard's own front end, served by tb-proxy for all tracks."""
