"""Tracks: open, list, change, close, delete; and the leaves of their trees."""
