"""Adapters to frameworks; each file imports its framework, so each is imported only when asked for."""
