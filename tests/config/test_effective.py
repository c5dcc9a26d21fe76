"""The merged configuration: complete, with origins, and a site file again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.config.sites import LINUX, SITE, WHOLE, edited, with_files
from wanctl.config import SiteFile, load_site
from wanctl.config.effective import Setting, effective, render, written_rate, written_time
from wanctl.config.law import check_laws, law_model
from wanctl.config.value import MAX_RATE_BPS, MIN_RATE_BPS, number, rate
from wanctl.engine import Findings

CLASSIC = edited("    source:", "    profile: dsl\n    law: classic\n    params: {target: 4ms}\n    source:").replace(
    "38Mbit", "38Mbit, floor: 2Mbit"
)


def merged(site: SiteFile) -> tuple[Setting, ...]:
    return effective(site, {law: law_model(law).params for law in ("default", "classic")})


def origins(site: SiteFile) -> dict[str, tuple[str, str]]:
    return {".".join(map(str, item.path)): (item.value, item.origin) for item in merged(site)}


@pytest.mark.parametrize("text", [SITE, WHOLE, LINUX, CLASSIC])
def test_what_is_printed_is_a_site_that_plans_the_same(text: str, tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, text))
    again = load_site(with_files(tmp_path, render(merged(site)) + "\n"))
    for first, second in zip(site.plan().wans, again.plan().wans, strict=True):
        assert (first.name, first.law, first.download, first.upload) == (
            second.name,
            second.law,
            second.download,
            second.upload,
        )
        assert {name: second.params[name] for name in first.params} == dict(first.params)
        assert site.reflectors(site.site.wans[first.name]) == again.reflectors(again.site.wans[first.name])
    findings = Findings()
    check_laws(again, findings)
    assert findings.render() == ""


def test_each_value_says_where_it_came_from(tmp_path: Path) -> None:
    found = origins(load_site(with_files(tmp_path, SITE)))
    assert found["router.address"] == ("192.0.2.1", "home.yaml:2")
    assert found["router.port"] == ("443", "default")
    assert found["wans.cable.profile"] == ("default", "default")
    assert found["wans.cable.download.plan"] == ("940Mbit", "home.yaml:10")
    assert found["wans.cable.download.ceiling"] == ("799Mbit", "85 % of the plan")
    assert found["wans.cable.upload.floor"] == ("1.615Mbit", "5 % of the ceiling")
    assert found["budget.minute"] == ("30", "default")


def test_figures_of_a_profile_and_of_a_law_are_told_apart(tmp_path: Path) -> None:
    found = origins(load_site(with_files(tmp_path, CLASSIC)))
    assert found["wans.cable.params.target"] == ("4ms", "home.yaml:11")
    assert found["wans.cable.params.warn"] == ("10ms", "profile dsl")
    assert found["wans.cable.params.baseline_bound_max"] == ("60ms", "law's default")
    assert found["wans.cable.download.floor_green"] == ("25Mbit", "profile dsl")
    assert found["wans.cable.upload.floor"] == ("2Mbit", "home.yaml:14")
    assert found["wans.cable.upload.start"] == ("18Mbit", "the ceiling")


@given(st.integers(MIN_RATE_BPS, MAX_RATE_BPS))
def test_a_rate_is_written_exactly(rate_bps: int) -> None:
    assert rate(written_rate(rate_bps)) == rate_bps


@given(st.integers(1, 10_000_000))
def test_a_time_is_written_exactly(time_us: int) -> None:
    assert number(written_time(time_us / 1000)) == pytest.approx(time_us / 1000, rel=1e-9)
