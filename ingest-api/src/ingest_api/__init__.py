"""The only writer of logged data: batches and files in, committed."""
