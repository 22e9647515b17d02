"""Numbers and strings over steps."""
