"""The job runner: takes jobs from the queue, has a launcher start them, and writes down what becomes of them."""
