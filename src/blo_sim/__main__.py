"""``python -m blo_sim``."""

from __future__ import annotations

import sys

from blo_sim.cli import main

if __name__ == "__main__":
    sys.exit(main())
