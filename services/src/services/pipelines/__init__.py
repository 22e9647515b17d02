"""Pipelines: named, repeatable lists of actions, and their numbered runs."""
