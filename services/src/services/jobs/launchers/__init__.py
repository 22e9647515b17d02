"""Launchers start jobs somewhere, watch them and end them; `launcher.py` is what each of them promises."""
