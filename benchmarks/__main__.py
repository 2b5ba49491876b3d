"""All benchmarks, one after the other: ``python -m benchmarks``, some two hours.

Each can be run alone, `python -m benchmarks.NAME`, with ``--format json`` and settings of its own. With
``--out DIR`` each table is written to NAME.txt in a folder.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from importlib import import_module
from pathlib import Path

NAMES = ("queues", "region", "growth", "interval", "player", "estimators", "interdiction")


def main() -> int:
    """Run, print, write; 1 if one of them found that programs disagree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)} (default: all)")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--out", type=Path, help="folder of the tables")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if options.out is not None and not options.out.is_dir():
        parser.error(f"--out {options.out}: there is no such folder")
    failed = 0
    for name in options.names or NAMES:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            failed |= import_module(f"benchmarks.{name}").main(["--format", options.format])
        print(f"== {name}\n{printed.getvalue()}", flush=True)
        if options.out is not None:
            ending = "txt" if options.format == "table" else "json"
            (options.out / f"{name}.{ending}").write_text(printed.getvalue(), encoding="utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main())
