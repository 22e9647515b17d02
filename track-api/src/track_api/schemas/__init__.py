"""What track-api answers and takes, one file a noun. Output models have no defaults."""
