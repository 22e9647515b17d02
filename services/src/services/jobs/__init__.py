"""Jobs: commands that Track runs, their states and history, the runner and its launchers."""
