"""Files of a track: put, resume, read."""
