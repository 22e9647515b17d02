"""The timed runs, one file each: `async def run(bench, options)` gives rows of the table."""
