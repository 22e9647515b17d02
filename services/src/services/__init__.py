"""Every product rule of Track and every SQL statement."""
