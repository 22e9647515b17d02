"""The addresses of track-api, one file a noun."""
