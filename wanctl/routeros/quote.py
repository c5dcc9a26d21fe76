r"""Text that goes into a line of RouterOS's command language: nothing in it may be read as anything but text.

Between double quotes RouterOS expands `$name`, `$[command]` and `$(expression)`: a queue called `x$[/system/reboot]`
would reboot the router whenever somebody named it. So a text is quoted by the router's own rules, and a name that
wanctl is to touch must besides be made of harmless characters. Source: a sweep of all bytes by tikoci/centrs on CHR
7.23.3.

RouterOS keeps bytes, not letters: `Zürich` goes out as its UTF-8 bytes in hexadecimal digits (`"Z\C3\BCrich"`), as
REST writes it. A name that was typed in another encoding is another name, and is not found.
"""

import re

from wanctl.routeros.error import Refused

_ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:/@+%()#=*-]*", re.ASCII)
_LONGEST = 128


def ros_quote(text: str) -> str:
    """`text` as a string literal. What is not printable ASCII becomes the hexadecimal digits of its UTF-8 bytes."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def safe_name(name: str, what: str) -> str:
    """`name` as a string literal, if it is one that may go into a command.

    Raises `Refused` for a name with other characters than letters and digits of any script, blanks and
    `_.,:/@+%()#=*-`, or that is empty or longer than 128 characters; `what` ("queue tree
    entry") says in the error what was to have that name.
    """
    if not (0 < len(name) <= _LONGEST and all(_is_harmless(character) for character in name)):
        shown = name if name.isprintable() else ascii(name)
        raise Refused(
            f"the name '{shown}' ({what}) cannot be used over SSH",
            "letters, digits, blanks and _.,:/@+%()#=*- only, at most 128",
            "rename it on the router, or use REST",
        )
    return ros_quote(name)


def _is_harmless(character: str) -> bool:
    # What is not ASCII never reaches the router's parser as such; what does not show itself only misleads people.
    return _PLAIN.fullmatch(character) is not None or (character > "~" and character.isprintable())


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if " " <= character <= "~":
        return character
    return "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
