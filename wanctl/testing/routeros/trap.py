# ruff: noqa: N818  (RouterOS's own word for an error)
"""RouterOS's ways of saying no, with its own texts."""


class Trap(Exception):
    """A command failed; `detail` is what the router says."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NoSuchItem(Trap):
    """The command names an object that does not exist."""

    def __init__(self) -> None:
        super().__init__("no such item")


class NoIdentifier(Trap):
    """The command does not say which object it is about."""

    def __init__(self) -> None:
        super().__init__("missing or invalid resource identifier")


class UnknownParameter(Trap):
    """The command has no such argument."""

    def __init__(self, argument: str) -> None:
        super().__init__(f"unknown parameter {argument}")
