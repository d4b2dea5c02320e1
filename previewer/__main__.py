"""``python -m previewer`` and the console script."""

from __future__ import annotations

import sys

from previewer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
