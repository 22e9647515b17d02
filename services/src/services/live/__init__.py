"""Live events: which keys of which tracks changed, told from the process that committed to every open page."""
