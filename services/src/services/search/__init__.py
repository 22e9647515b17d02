"""Searches: submissions whose combinations are chosen one after the other from what earlier ones reached."""
