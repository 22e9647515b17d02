"""The only folder here that knows HTTP."""
