"""What the timed runs stand on: the stack under test, the load, the clocks and the table."""
