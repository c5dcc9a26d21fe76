"""How things look, in light and in dark: one table, from which both the style sheet of an SVG and a PNG are made.

A rule is for a kind of shape (`box`, `name`, `line`), in any group or in groups that are also this and that (`state`,
`green`, `active`). The rule with more words wins. Severities are Okabe and Ito's hues, darkened to a contrast of 4.5:1
on their fills; a state also says its name, so no meaning hangs on a colour alone.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

FONT_FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Style:
    """How a shape looks; "" and 0 leave what a more general rule says."""

    fill: str = ""
    stroke: str = ""
    width: float = 0.0
    dash: bool = False
    size: float = 0.0
    bold: bool = False
    italic: bool = False

    def over(self, other: "Style") -> "Style":
        """What it says, and where it says nothing, what the other one says."""
        return Style(
            self.fill or other.fill,
            self.stroke or other.stroke,
            self.width or other.width,
            self.dash or other.dash,
            self.size or other.size,
            self.bold or other.bold,
            self.italic or other.italic,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """The style of a kind of shape in groups that are all of `looks`."""

    looks: tuple[str, ...]
    look: str
    light: Style
    dark: Style  # colours only; the rest is as in light


@dataclass(frozen=True, slots=True)
class Tone:
    """A hue: strong for lines and what is active, soft for fills, and the text on strong."""

    strong: str
    soft: str
    dark_strong: str
    dark_soft: str


TONES = {
    "plain": Tone("#2b5c9e", "#eaf1fa", "#6aa5f0", "#1b2a40"),
    "green": Tone("#00745a", "#e2f3ed", "#35b790", "#12302a"),
    "yellow": Tone("#806600", "#fbf3cf", "#d9b93b", "#332c12"),
    "soft_red": Tone("#b4510c", "#fce8da", "#ee9150", "#3a2416"),
    "red": Tone("#a8261f", "#fae0de", "#f0716a", "#3d1c1b"),
}
INK, MUTED, LINE = ("#1b212b", "#e6eaf0"), ("#5b6675", "#9aa6b6"), ("#6b7686", "#8592a3")
PAGE, PANEL, BORDER = ("#ffffff", "#0d1117"), ("#f5f7f9", "#151b23"), ("#d4dae2", "#2c3642")
BOX, STATE_LINE = ("#ffffff", "#1d2530"), ("#7a8696", "#6e7b8d")
ACTION, ON_ACTIVE = ("#3f5f8a", "#8fb4e3"), ("#ffffff", "#0d1117")


def _rule(
    looks: str, look: str, fill: tuple[str, str] = ("", ""), stroke: tuple[str, str] = ("", ""), style: Style = Style()
) -> Rule:
    light, dark = (replace(style, fill=fill[i], stroke=stroke[i]) for i in (0, 1))
    return Rule(tuple(looks.split()), look, light, dark)


NO_FILL = ("none", "none")
FAINT, FAINT_LINE = ("#7d8795", "#7f8b9b"), ("#c3cad3", "#3a4552")
TEXTS = ("name", "doc", "event", "guard", "hold", "action", "why", "count")
# Looks that most pictures do without; their rules are in the style sheet of those that have them.
OPTIONAL = {"count", "busy", "taken", "never", "dead", "violated", "open", "bar", "axis", "number", "said", "later"}


def _rules() -> Iterator[Rule]:
    yield _rule("", "page", PAGE)
    yield _rule("", "panel", PANEL, BORDER, Style(width=1))
    yield _rule("", "title", INK, style=Style(size=18, bold=True))
    yield _rule("", "heading", INK, style=Style(size=15, bold=True))
    yield _rule("", "name", INK, style=Style(size=13, bold=True))
    yield _rule("", "doc", MUTED, style=Style(size=11))
    yield _rule("", "event", INK, style=Style(size=11, bold=True))
    yield _rule("", "guard", INK, style=Style(size=11))
    yield _rule("", "hold", INK, style=Style(size=11))
    yield _rule("", "action", ACTION, style=Style(size=11))
    yield _rule("", "why", MUTED, style=Style(size=10, italic=True))
    yield _rule("", "rule", NO_FILL, BORDER, Style(width=1))
    yield _rule("", "chip", PANEL)
    yield _rule("", "line", NO_FILL, LINE, Style(width=1.2))
    yield _rule("", "arrow", LINE, LINE, Style(width=1))
    yield _rule("", "dot", LINE)
    yield _rule("", "mark", BOX, STATE_LINE, Style(width=1.2))
    yield _rule("", "hit", NO_FILL, ("transparent", "transparent"), Style(width=8))
    plain = (TONES["plain"].strong, TONES["plain"].dark_strong)
    yield _rule("link:hover", "line", NO_FILL, plain, Style(width=2))  # the lines of one label, to be followed
    yield _rule("link:hover", "arrow", plain, plain)
    yield _rule("fired", "hit", NO_FILL, plain, Style(width=3))
    yield _rule("state", "box", BOX, STATE_LINE, Style(width=1.2))
    yield _rule("state active", "panel", stroke=plain, style=Style(width=2))
    yield _rule("composite", "box", PANEL, STATE_LINE, Style(width=1.2))
    for name, tone in TONES.items():
        strong, soft = (tone.strong, tone.dark_strong), (tone.soft, tone.dark_soft)
        if name != "plain":
            yield _rule(f"state {name}", "box", soft, strong)
        yield _rule(f"state {name} active", "box", strong, strong, Style(width=2))
        yield _rule(f"state {name} active composite", "box", soft, strong, Style(width=3))
    for look in TEXTS:
        yield _rule("state active", look, ON_ACTIVE)
        faded = MUTED if look in ("doc", "why") else ACTION if look == "action" else INK
        yield _rule("state active composite", look, faded)
    yield from _mark_rules(plain)
    yield from _timeline_rules(plain)


def _timeline_rules(plain: tuple[str, str]) -> Iterator[Rule]:
    """How a sequence in time looks."""
    yield _rule("", "axis", NO_FILL, BORDER, Style(width=1))
    yield _rule("edge", "axis", NO_FILL, LINE, Style(width=1.2, dash=True))
    yield _rule("", "said", INK, style=Style(size=11, bold=True))
    yield _rule("", "number", ON_ACTIVE, style=Style(size=10, bold=True))
    yield _rule("", "bar", plain)
    tint = (TONES["plain"].soft, TONES["plain"].dark_soft)
    yield _rule("state later", "box", tint, plain)


def _mark_rules(strong: tuple[str, str]) -> Iterator[Rule]:
    """How parts look of which something is known."""
    yield _rule("", "count", strong, style=Style(size=11, bold=True))
    yield _rule("busy", "line", NO_FILL, strong, Style(width=2.6))
    yield _rule("busy", "arrow", strong, strong, Style(width=2))
    for look in TEXTS:
        yield _rule("never", look, FAINT)
        yield _rule("state never", look, FAINT)
    yield _rule("never", "line", NO_FILL, FAINT_LINE, Style(width=1))
    yield _rule("never", "arrow", FAINT_LINE, FAINT_LINE)
    yield _rule("never", "dot", FAINT_LINE)
    yield _rule("state never", "box", PANEL, FAINT_LINE, Style(width=1))
    for look, tone, dash in (("violated", "red", False), ("open", "yellow", True), ("dead", "soft_red", True)):
        loud = (TONES[tone].strong, TONES[tone].dark_strong)
        yield _rule(look, "line", NO_FILL, loud, Style(width=2.6, dash=dash))
        yield _rule(look, "arrow", loud, loud, Style(width=2))
        yield _rule(look, "count", loud)
        yield _rule(f"state {look}", "box", stroke=loud, style=Style(width=2.6, dash=dash))
        yield _rule(f"state {look}", "count", loud)


RULES = tuple(sorted(_rules(), key=lambda rule: len(rule.looks)))


def style(look: str, looks: tuple[str, ...] = (), *, dark: bool = False) -> Style:
    """The style of a kind of shape in a group; `KeyError` when no rule is for it."""
    found: Style | None = None
    for rule in RULES:
        if rule.look == look and set(rule.looks) <= set(looks):
            mine = rule.dark if dark else rule.light
            found = mine if found is None else mine.over(found)
    if found is None:
        raise KeyError(look)
    return found


def style_sheet(used: Set[str]) -> str:
    """The table as CSS: light, and dark for who prefers that. Rules are left out that need a look that is not used."""
    rules = [rule for rule in RULES if ({*rule.looks, rule.look} & OPTIONAL) <= used]
    light = "\n".join(_css(rule, rule.light) for rule in rules)
    dark = "\n".join("  " + _css(rule, rule.dark, colours=True) for rule in rules)
    return f"text {{ font-family: {FONT_FAMILY}; }}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _css(rule: Rule, found: Style, *, colours: bool = False) -> str:
    group = "".join(f".{look}" for look in rule.looks)
    said = []
    if found.fill:
        said.append(f"fill: {found.fill}")
    if found.stroke:
        said.append(f"stroke: {found.stroke}")
    if not colours:
        if found.width:
            said.append(f"stroke-width: {found.width:g}")
        if found.dash:
            said.append("stroke-dasharray: 6 4")
        if found.size:
            said.append(f"font-size: {found.size:g}px")
        if found.bold:
            said.append("font-weight: bold")
        if found.italic:
            said.append("font-style: italic")
    return f"{group + ' ' if group else ''}.{rule.look} {{ {'; '.join(said)} }}"
