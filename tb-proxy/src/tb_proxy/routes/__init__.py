"""The addresses tb-proxy answers."""
