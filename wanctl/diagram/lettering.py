"""How wide a text is, and where it is broken: without fonts, so that a diagram is the same bytes on every machine.

The widths are those of DejaVu Sans, which is about the widest of the common sans-serif fonts: what fits with them fits
with Arial, Helvetica, Roboto or Segoe UI too. Source: the `hmtx` tables of DejaVu Sans 2.37 and its bold face.
"""

from collections.abc import Sequence

# Advance widths of U+0020 to U+007E in thousandths of the font's size.
_REGULAR = (
    "318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 "
    "337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 "
    "684 989 685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 "
    "635 411 521 392 634 592 818 592 592 525 636 337 636 838"
)
_BOLD = (
    "348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 "
    "400 838 838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 "
    "774 1103 771 724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 "
    "716 716 493 595 478 712 652 924 645 652 582 712 365 712 838"
)
_WIDTHS = {
    bold: {chr(32 + place): int(width) for place, width in enumerate(table.split())}
    for bold, table in ((False, _REGULAR), (True, _BOLD))
}
_OTHER = 1000  # any other character: most are narrower, ideographs are just this wide


def width_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """The width of a line of text."""
    widths = _WIDTHS[bold]
    return sum(widths.get(letter, _OTHER) for letter in text) * size_px / 1_000


def printable(text: str) -> str:
    """A text without control characters, which no format of a diagram can hold; line breaks stay."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)


def clipped(text: str, most_px: float, size_px: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis."""
    if width_px(text, size_px, bold=bold) <= most_px:
        return text
    while text and width_px(f"{text}…", size_px, bold=bold) > most_px:
        text = text[:-1]
    return f"{text}…"


def wrap(text: str, most_px: float, size_px: float, *, bold: bool = False) -> list[str]:
    """The text in lines of at most that width, as few as possible and about equally long.

    Lines are broken between words, before `and` and `or` where that can be, and within a word only when it is longer
    than a line.
    """
    pieces = _pieces(text.split(), most_px, size_px, bold=bold)
    lines = _fill(pieces, most_px, size_px, bold=bold)
    narrower = most_px
    while narrower > 0.4 * most_px:
        narrower -= 4.0
        closer = _fill(pieces, narrower, size_px, bold=bold)
        if len(closer) > len(lines) or any(width_px(line, size_px, bold=bold) > narrower for line in closer):
            break
        lines = closer
    return lines


def _pieces(words: Sequence[str], most_px: float, size_px: float, *, bold: bool) -> list[str]:
    """What is not broken: words, and the terms of a condition with the `and`, `or` or `not` before them."""
    terms: list[str] = []
    for word in words:
        if word in ("and", "or", "for") or not terms:
            terms.append(word)
        else:
            terms[-1] += f" {word}"
    condition = len(terms) > 1
    found: list[str] = []
    for term in terms:
        if condition and width_px(term, size_px, bold=bold) <= most_px:
            found.append(term)
            continue
        for word in term.split():
            found += _halves(word, most_px, size_px, bold=bold)
    return found


def _halves(word: str, most_px: float, size_px: float, *, bold: bool) -> list[str]:
    """A word that is longer than a line, in parts that are not."""
    parts = []
    while width_px(word, size_px, bold=bold) > most_px and len(word) > 1:
        length = len(word) - 1
        while length > 1 and width_px(word[:length], size_px, bold=bold) > most_px:
            length -= 1
        parts.append(word[:length])
        word = word[length:]
    return [*parts, word]


def _fill(pieces: Sequence[str], most_px: float, size_px: float, *, bold: bool) -> list[str]:
    lines: list[str] = []
    for piece in pieces:
        longer = f"{lines[-1]} {piece}" if lines else piece
        if lines and width_px(longer, size_px, bold=bold) <= most_px:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines
