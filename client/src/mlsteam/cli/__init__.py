"""The `mlsteam` command."""
