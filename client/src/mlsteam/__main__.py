"""`python -m mlsteam` is the `mlsteam` command."""

from mlsteam.cli.main import main

raise SystemExit(main())
