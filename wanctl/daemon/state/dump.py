"""What is left for whoever has to find a fault: a file in the state folder, written when a part of the daemon fails.

It holds the traceback (no values of variables) and what the site was doing; secrets are taken out. The newest ten stay.
"""

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from wanctl import __version__
from wanctl.daemon.clock import Clock

SCHEMA = "wanctl.dump/1"
PATTERN = "dump-*.json"
MOST_DUMPS = 10
MOST_CHARACTERS = 200_000
HIDDEN = "(hidden)"

Note = Callable[[str], None]


class Dumps:
    """The dumps of one site. Any thread may write one; without a folder nothing is written."""

    def __init__(self, folder: Path | None, secrets: Callable[[], Iterable[str]], clock: Clock, note: Note) -> None:
        self._folder, self._secrets, self._clock, self._note = folder, secrets, clock, note

    def write(self, part: str, error: BaseException, facts: Mapping[str, Any]) -> Path | None:
        """Write one; where it is, or None when the disk refuses, which is said."""
        if self._folder is None:
            return None
        content = {
            "schema": SCHEMA,
            "version": __version__,
            "part": part,
            "at_s": self._clock.realtime_ns() / 1e9,
            "error": f"{type(error).__name__}: {error}",
            "traceback": "".join(traceback.format_exception(error)),
            "facts": dict(facts),
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, default=str)[:MOST_CHARACTERS]
        for secret in self._secrets():
            text = _without(text, secret)
        path = self._folder / f"dump-{self._clock.realtime_ns() // 1_000_000}-{part}.json"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(text + "\n", encoding="utf-8")
            for old in sorted(self._folder.glob(PATTERN))[:-MOST_DUMPS]:
                old.unlink(missing_ok=True)
        except OSError as refusal:
            self._note(f"no dump can be written to {self._folder}: {refusal.strerror}")
            return None
        return path


def _without(text: str, secret: str) -> str:
    """The text without a secret: as it is, as Python would show it, and each as JSON spells it."""
    plain = (secret, repr(str(secret))[1:-1])
    spellings = {*plain, *(json.dumps(spelling, ensure_ascii=False)[1:-1] for spelling in plain)} - {""}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, HIDDEN)
    return text
