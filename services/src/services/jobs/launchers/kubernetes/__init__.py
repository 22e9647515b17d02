"""Jobs as Kubernetes Jobs: `objects.py` is what is made, `sights.py` what is seen, `launcher.py` joins them."""
