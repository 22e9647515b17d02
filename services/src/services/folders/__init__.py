"""The children of a folder path, across series, configs, console and files."""
