"""Launchers: what starts a job's processes somewhere, watches them, and ends them. `launcher.py` is what each promises."""
