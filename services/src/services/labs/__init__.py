"""Labs: code, command and hyperparameters; a submission makes a track and a job of each combination."""
