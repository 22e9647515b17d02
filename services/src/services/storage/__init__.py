"""How bytes rest; knows no product rule."""
