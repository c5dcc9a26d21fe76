"""Nothing lies on top of anything else, and every text is inside its box."""

from itertools import combinations

import pytest

from tests.diagram.drawn import MACHINES, SVG, box, groups, picture
from wanctl.diagram.lettering import width_px
from wanctl.diagram.theme import style

Box = tuple[float, float, float, float]


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("name", MACHINES)
def test_states_and_labels_do_not_overlap(name: str, brief: bool) -> None:
    root = picture(name, brief=brief)
    leaves = [
        g for g in groups(root, "state") if "composite" not in g.get("class", "") and g.find(f"{SVG}rect") is not None
    ]
    labels = [g for g in groups(root, "link") if g.find(f"{SVG}rect") is not None]
    boxes = [(g.get("id") or " ".join(g.itertext()), box(g)) for g in (*leaves, *labels)]
    assert [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if overlap(a, b)] == []


@pytest.mark.parametrize("name", MACHINES)
def test_composite_states_overlap_only_with_what_is_inside_them(name: str) -> None:
    root = picture(name)
    boxes = {
        group.get("id", "").removeprefix("state-"): box(group)
        for group in groups(root, "state")
        if group.find(f"{SVG}rect") is not None
    }
    for one, other in combinations(boxes, 2):
        if overlap(boxes[one], boxes[other]):
            assert other.startswith(f"{one}.") or one.startswith(f"{other}.")
            outer, inner = sorted((one, other), key=len)
            assert inside(boxes[inner], boxes[outer])


@pytest.mark.parametrize("name", MACHINES)
def test_every_line_of_text_fits_into_its_box(name: str) -> None:
    for group in (*groups(picture(name), "state"), *groups(picture(name), "link")):
        if group.find(f"{SVG}rect") is None:
            continue
        left, top, right, bottom = box(group)
        for text in group.iter(f"{SVG}text"):
            look = style(text.get("class", ""))
            width = width_px(text.text or "", look.size, bold=look.bold)
            x, y = float(text.get("x", "nan")), float(text.get("y", "nan"))
            start = x - width / 2 if text.get("text-anchor") == "middle" else x
            assert left <= start, text.text
            assert start + width <= right, text.text
            assert top < y - 0.7 * look.size, text.text
            assert y < bottom, text.text


@pytest.mark.parametrize("name", MACHINES)
def test_everything_is_on_the_page(name: str) -> None:
    root = picture(name)
    page = (0.0, 0.0, float(root.get("width", "nan")), float(root.get("height", "nan")))
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("class") != "page":
            x, y, width, height = (float(rect.get(key, "nan")) for key in ("x", "y", "width", "height"))
            assert inside((x, y, x + width, y + height), page)
    for path in root.iter(f"{SVG}path"):
        numbers = path.get("d", "").replace("M", "").replace("C", " ").split()
        for point in numbers:
            x, y = map(float, point.split(","))
            assert inside((x, y, x, y), page)


def test_regions_stand_side_by_side() -> None:
    root = picture("classic")
    download, upload = (box(group) for group in groups(root, "region"))
    assert download[2] < upload[0]
    assert download[1] == upload[1]


def test_regions_that_fit_below_each_other_share_a_column() -> None:
    panels = {group.get("id"): box(group) for group in groups(picture("zoo"), "region")}
    left, right = panels["state-left"], panels["state-right"]
    assert left[2] < right[0]
    (alone,) = [box(group) for group in groups(picture("zoo"), "machine") if group.find(f"{SVG}rect") is not None]
    assert alone[0] == right[0]
    assert alone[1] > right[3]
