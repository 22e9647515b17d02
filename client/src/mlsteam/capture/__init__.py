"""What a track records by itself: console, traceback, source and system. Nothing in here may raise into a training."""
