"""What can be made to go wrong while the emulator runs."""

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """Knobs; each may be turned at any time, by any thread."""

    delay_ns: int = 0  # before each answer
    stray_denials: int = 0  # so many requests get a 401 that was meant for somebody else, as after an aborted one
    no_patch: bool = False  # PATCH and DELETE by id are refused, as one project saw on CHR 7.21.3
