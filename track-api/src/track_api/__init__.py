"""track-api: reads, and the control plane of projects, tracks and accounts."""
