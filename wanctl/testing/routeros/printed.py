"""Values of the command language, and how `:put` writes them."""

Typed = None | bool | int | str | list["Typed"] | dict[str, "Typed"]


def printed(value: Typed) -> str:
    """A value as text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ";".join(printed(one) for one in value)
        case dict():
            return ";".join(f"{name}={printed(one)}" for name, one in value.items())
        case _:
            return str(value)
