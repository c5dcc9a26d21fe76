"""Faulty files, made from good ones: slips of the hand in the text, and wrong things in places of its tree."""

import json
from collections.abc import Callable
from random import Random

import yaml

from tests.suite.machines import SMALL
from tests.suite.test_faults_of_files import file_with
from wanctl.data import data_folder
from wanctl.engine.code import CODES
from wanctl.engine.example import TEMPLATE, example
from wanctl.suite.code import CODES as SUITE_CODES

Tree = object

# The C ones are ten times as fast.
LOADER = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
DUMPER = yaml.CDumper if yaml.__with_libyaml__ else yaml.Dumper

NASTY = (
    "", " ", "null", "~", "true", "no", "on", "-1", "0", "1e999", "1e308", "-0", "nan", "inf", "0x10", "010", "12:30",
    "1_000", "99999999999999999999999", "5x99999999999", "5x-1", "x", "_", "10+2x5", "1e400ms", "3 ticks",
    "1.5 ticks", "0 in 0 ticks", "3 in 9999999 ticks", "1000000000d", "-5ms", "5 parsecs", "%", "50%", "a.b.c",
    "a..b", ".", "*", "*.*", "tick", "tick.*", "A#1", "#", "'", '"', "\\", "{", "}", "[", "]", "&", "!", "|", ">",
    "\t", "\u0000", "\u2028", "\ud83d", "ünïcode", "💧", "a" * 5_000, "(" * 300, "not " * 300 + "x > 1",
    "x" + " + x" * 2_000, "a and " * 500 + "b", "-" * 400 + "1", "min(" * 200, "x > 1 > 2 > 3", "x ** x", "x / 0",
    "1 / x", "lambda: x", "__import__('os')", "x.y", "event.data.k", "event.name == 1", "active('')", "active('A')",
    "known(known(x))", "min()", "abs(1, 2)", "x == 'a'", "'a' < 'b'", "x if y else z", "[x]", "f'{x}'", "x :=  1",
    "0 and 1", "1ms + 1Mbit", "x > 5ms ms", "tick", "done.state.A", "error.execution", "history", "final", "parallel",
    "deep", "lca", "scxml", "internal", "default", "classic", "8Mbit..2Mbit", "wan", "direction", "part", "..", "/",
)  # fmt: skip
KEYS = """
schema machine type initial states entry exit during on always after to when do for of cooldown kind depth
template with define data inputs params where never eventually forbid if then else assign raise send cancel
event delay id id_to tests input expect at tick law plan rates intents fired state events faults max_microsteps
""".split()  # noqa: SIM905  (a list of fifty words in quotes is no better to read)
SLIPS = ":{}[],'\"#-&*!|>%@` \t\n\\xé\u0000"


def machine_seeds() -> list[str]:
    """Good machines, small ones mostly, and examples of each fault."""
    folder = data_folder("machines")
    cases = (folder.parent / "tests" / "engine" / "conformance" / "own.jsonl").read_text().splitlines()
    found = [json.loads(line)["machine"] for line in cases]
    found += [
        example(code, text) for code, entry in CODES.items() for text in (entry.bad, entry.good, entry.good) if text
    ]
    return [*found, SMALL, TEMPLATE, *(path.read_text() for path in folder.glob("*.yaml") if ".test." not in path.name)]


def suite_seeds() -> list[str]:
    """Good test files, and examples of each fault."""
    found = [file_with(text) for entry in SUITE_CODES.values() for text in (entry.bad, entry.good, entry.good) if text]
    shipped = [path.read_text() for path in data_folder("machines").glob("*.test.yaml")]
    return [*found, *shipped]


def mutate(text: str, random: Random) -> str:
    """The text with one fault in it, or with a few: a file that nearly loads gets further than one that is torn."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        text = random.choice(MUTATIONS)(text, random)
    return text


# -- in the text -------------------------------------------------------------------------------------------------------
def slip(text: str, random: Random) -> str:
    """Letters are inserted, lost or changed."""
    letters = list(text)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(letters) + 1)
        letters[at : at + random.randint(0, 2)] = random.choices(SLIPS, k=random.randint(0, 2))
    return "".join(letters)


def cut(text: str, random: Random) -> str:
    """The end, or a piece in the middle, is missing."""
    first, last = sorted(random.randrange(len(text) + 1) for _ in range(2))
    return text[:first] if random.random() < 0.3 else text[:first] + text[last:][:20_000]


def shuffle_lines(text: str, random: Random) -> str:
    """A line stands twice, elsewhere, or deeper."""
    lines = text.splitlines() or [""]
    line = random.choice(lines)
    at = random.randrange(len(lines) + 1)
    lines.insert(at, random.choice(["", " ", "    "]) + line)
    return "\n".join(lines) + "\n"


def replace_word(text: str, random: Random) -> str:
    """One word of the file becomes another one of it."""
    words = text.split() or ["x"]
    return text.replace(random.choice(words), random.choice(words), random.choice([1, 1, -1]))


# -- in the tree -------------------------------------------------------------------------------------------------------
def change_tree(text: str, random: Random) -> str:
    """Somewhere in the tree stands something else."""
    try:
        root = yaml.load(text, LOADER)
    except (yaml.YAMLError, RecursionError, ValueError):
        return slip(text, random)
    places: list[tuple[Tree, object]] = []
    _collect(root, places, 0)
    if not places:
        return slip(text, random)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        holder, key = random.choice(places)
        change = random.choice((_change, _take_away, _take_away, _borrow, _borrow, _borrow))
        change(holder, key, places, random)
    try:
        return str(yaml.dump(root, Dumper=DUMPER, allow_unicode=True, sort_keys=False, width=10_000))
    except (RecursionError, ValueError, yaml.YAMLError):
        return slip(text, random)


def _collect(node: Tree, places: list[tuple[Tree, object]], depth: int) -> None:
    if depth > 60:
        return
    keys: list[object] = (
        list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    )
    for key in keys:
        places.append((node, key))
        _collect(node[key], places, depth + 1)  # type: ignore[index]


def _take_away(holder: Tree, key: object, _places: list[tuple[Tree, object]], _random: Random) -> None:
    if isinstance(holder, dict):
        holder.pop(key, None)
    elif isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        del holder[key]


def _borrow(holder: Tree, key: object, places: list[tuple[Tree, object]], random: Random) -> None:
    """A value of some other place that is of the same kind: a text for a text, a list for a list."""
    try:
        value = holder[key]  # type: ignore[index]
        same = [other[at] for other, at in random.choices(places, k=20) if type(other[at]) is type(value)]  # type: ignore[index]
    except (KeyError, IndexError):
        return  # an earlier change has taken it away
    if same:
        holder[key] = random.choice(same)  # type: ignore[index]


def _change(holder: Tree, key: object, places: list[tuple[Tree, object]], random: Random) -> None:
    try:
        value = holder[key]  # type: ignore[index]
    except (KeyError, IndexError):
        return  # an earlier change has taken it away
    other_holder, other_key = random.choice(places)
    nasty = random.choice(NASTY)
    choices: list[Callable[[], object]] = [
        lambda: nasty,
        lambda: nasty,
        lambda: [value],
        lambda: {random.choice(KEYS): value},
        list,
        dict,
        lambda: [value, value],
        lambda: other_holder[other_key],  # type: ignore[index]
    ]
    try:
        new = random.choice(choices)()
    except (KeyError, IndexError):
        return
    if isinstance(holder, dict) and random.random() < 0.3:
        renamed = random.choice([*KEYS, *NASTY[:60]])
        holder[renamed] = holder.pop(key)
    else:
        holder[key] = new  # type: ignore[index]


MUTATIONS: tuple[Callable[[str, Random], str], ...] = (
    slip, cut, shuffle_lines, replace_word, change_tree, change_tree, change_tree, change_tree,
)  # fmt: skip
