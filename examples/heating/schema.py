"""JSON Schemas for editors, made from this machine's own actions: `python -m examples.heating.schema` writes them."""

import json
from pathlib import Path

from examples.heating.actions import ACTIONS
from wanctl.suite.schema import machine_schema, suite_schema

HERE = Path(__file__).parent


def schemas() -> dict[Path, str]:
    """The text of each file."""
    return {
        HERE / "machine.schema.json": json.dumps(machine_schema(ACTIONS), indent=1) + "\n",
        HERE / "test.schema.json": json.dumps(suite_schema(ACTIONS), indent=1) + "\n",
    }


if __name__ == "__main__":
    for path, text in schemas().items():
        path.write_text(text, "utf-8")
