"""Lists of public reflectors of fewer than three operators are warned of."""

from pathlib import Path

import pytest

from tests.config.sites import edited, with_files
from wanctl.config import load_site
from wanctl.config.operator import operator_of
from wanctl.config.reflector import DEFAULT_REFLECTORS


def warnings(folder: Path, reflectors: str) -> list[str]:
    site = load_site(with_files(folder, edited("    source:", f"    reflectors: [{reflectors}]\n    source:")))
    return [item.message for item in site.warnings if item.code == "WC129"]


@pytest.mark.parametrize(
    ("reflectors", "whose"),
    [
        ("1.1.1.1", "one operator: Cloudflare"),
        ("1.1.1.1, 1.0.0.1, '2606:4700:4700::1111'", "one operator: Cloudflare"),
        ("8.8.8.8, 'dns://8.8.4.4', 'tcp://9.9.9.9:443'", "two operators: Google and Quad9"),
        ("81.2.69.142, 81.2.70.1", "one operator: 81.2.0.0/16"),
    ],
)
def test_fewer_than_three_operators_are_named(reflectors: str, whose: str, tmp_path: Path) -> None:
    assert warnings(tmp_path, reflectors) == [f"these reflectors are of {whose}"]


@pytest.mark.parametrize(
    "reflectors", ["1.1.1.1, 8.8.8.8, 9.9.9.9", "10.0.0.1", "1.1.1.1, 192.168.1.1", "'udp://127.0.0.1:9'"]
)
def test_three_operators_or_a_reflector_of_ones_own_are_well(reflectors: str, tmp_path: Path) -> None:
    assert warnings(tmp_path, reflectors) == []


def test_the_default_reflectors_are_of_three_operators() -> None:
    assert {operator_of(one.address) for one in DEFAULT_REFLECTORS} == {"Cloudflare", "Google", "Quad9"}
