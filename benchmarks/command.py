"""The command line that benchmarks share: run, print, and on request write the page in `docs/results`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def options(doc: str | None, results: str) -> argparse.ArgumentParser:
    """A parser with `--json` and `--write [FILE]`, to which a benchmark adds its own."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="nothing but one JSON object")
    parser.add_argument("--write", nargs="?", const=results, metavar="FILE", help=f"write a page ({results})")
    return parser


def tell(result: dict[str, Any], page: Callable[[dict[str, Any]], str], given: argparse.Namespace) -> None:
    """Print the page and, last, one JSON object; write the page where that is asked for."""
    if not given.json:
        print(page(result))
    if given.write:
        Path(given.write).write_text(page(result))
    print(json.dumps(result))
