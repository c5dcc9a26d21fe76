"""Texts are measured and broken without a font."""

from wanctl.diagram.lettering import width_px, wrap


def test_a_width_grows_with_size_and_weight() -> None:
    assert width_px("GREEN", 11) < width_px("GREEN", 11, bold=True) < width_px("GREEN", 13, bold=True)


def test_a_short_text_is_one_line() -> None:
    assert wrap("severe and mine", 152, 11) == ["severe and mine"]


def test_a_condition_is_broken_before_its_connectives() -> None:
    assert wrap("shifted and steady and unmeasured for 1500ms", 120, 11) == [
        "shifted and steady",
        "and unmeasured",
        "for 1500ms",
    ]


def test_no_line_is_wider_than_it_may_be() -> None:
    text = "download.SOFT_RED.SOMETHING_VERY_LONG_THAT_HAS_NO_BLANK_IN_IT_AT_ALL and b or c"
    lines = wrap(text, 100, 11)
    assert max(width_px(line, 11) for line in lines) <= 100
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_are_about_equally_long() -> None:
    first, second = wrap("what arrives tells the capacity of the link", 200, 11)
    assert abs(width_px(first, 11) - width_px(second, 11)) < 80


def test_an_empty_text_has_no_lines() -> None:
    assert wrap("  ", 100, 11) == []
