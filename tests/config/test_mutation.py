"""Whatever a site file has become, it is a site or it has findings; nothing else comes of it."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.config.sites import SITE, WHOLE
from wanctl.config import SiteFile, load_site
from wanctl.config.effective import effective, render
from wanctl.config.law import check_laws
from wanctl.config.lookup import law_of
from wanctl.config.value import BadValueError, object_name
from wanctl.engine import FileError, Findings

CLASSIC = SITE.replace("    source:", "    profile: cable\n    law: classic\n    params: {target: 4ms}\n    source:")
ODD = [
    *(
        "",
        " ",
        "~",
        "null",
        "[]",
        "{}",
        "[[]]",
        "{a: {b: c}}",
        "&a",
        "*a",
        "<<: *a",
        "- x",
        "? x",
        "!!int 3",
        "|",
        ">-",
    ),
    *(
        "0",
        "-1",
        "1e999Mbit",
        "nan",
        "0x",
        "1_000",
        "<x>",
        "\t",
        "\n",
        "\n\n",
        ": ",
        "#",
        "'",
        '"',
        "%",
        "\0",
        "\ud7ff",
    ),
    *(
        "router:",
        "wans:",
        "linux: {}",
        "law: classic",
        "plan: 1Mbit",
        "password: x",
        "{dscp: [99]}",
        "{",
        "}",
        "]",
        ",",
    ),
]


@st.composite
def mutated_sites(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from([SITE, WHOLE, CLASSIC]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["cut", "put", "swap", "drop", "repeat"])):
            case "cut":
                text = text[:start] + text[start + draw(st.integers(1, 30)) :]
            case "put":
                text = text[:start] + draw(st.one_of(st.sampled_from(ODD), st.text(max_size=4))) + text[start:]
            case "swap":
                words = text.split(" ")
                words[start % len(words)] = draw(st.sampled_from([*ODD, *words]))
                text = " ".join(words)
            case "drop":
                lines = text.split("\n")
                del lines[start % len(lines)]
                text = "\n".join(lines)
            case _:
                lines = text.split("\n")
                lines.insert(start % len(lines), lines[draw(st.integers(0, len(lines) - 1))])
                text = "\n".join(lines)
    return text


def read(text: str) -> SiteFile | Findings:
    try:
        return load_site(Path("home.yaml"), text)
    except FileError as error:
        return error.findings


@given(mutated_sites())
@settings(max_examples=300, deadline=None)
def test_a_mutated_site_is_a_site_or_has_findings(text: str) -> None:
    site = read(text)
    if isinstance(site, Findings):
        assert site.errors
        assert all(item.code in site.render() for item in site)
        return
    check_laws(site, Findings())
    for wan in site.plan().wans:
        assert 0 < wan.download.floor_bps <= wan.download.start_bps <= wan.download.ceiling_bps
        assert wan.law == law_of(site.root, wan.name)
    again = read(render(effective(site, {})))
    assert isinstance(again, SiteFile), again.render()
    assert again.plan().wans[0].upload.ceiling_bps == site.plan().wans[0].upload.ceiling_bps


def test_reflectors_that_yaml_would_take_for_something_else_survive_the_effective_view() -> None:
    text = WHOLE.replace("2001:db8::1", "2001:db8::")
    assert text != WHOLE
    site = read(text)
    assert isinstance(site, SiteFile)
    again = read(render(effective(site, {})))
    assert isinstance(again, SiteFile), again.render()
    for name, wan in site.site.wans.items():
        assert again.reflectors(again.site.wans[name]) == site.reflectors(wan)


@given(st.text(max_size=80))
def test_a_name_that_is_allowed_means_nothing_to_a_router(text: str) -> None:
    try:
        name = object_name(text)
    except BadValueError:
        return
    assert name == text
    assert not set(name) & set("\"'\\;$[](){}=?!#~<>|&*`\n\r\t\0")
    assert 0 < len(name) <= 64
