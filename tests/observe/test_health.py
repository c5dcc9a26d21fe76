"""What counts as a problem, and what does not."""

from dataclasses import replace

import pytest

from tests.observe.views import CABLE, LTE, VIEW
from wanctl.observe.health import problems, readiness
from wanctl.observe.view import SiteView, StateView, WanView


def with_cable(cable: WanView) -> SiteView:
    return replace(VIEW, wans=(cable, LTE))


def told(view: SiteView) -> list[tuple[str, str]]:
    return [(problem.what, problem.text) for problem in problems(view)]


def test_a_site_that_works_has_no_problems() -> None:
    assert told(VIEW) == []
    assert all(check.ok for check in readiness(VIEW))


def test_an_outage_is_told_with_how_long_it_lasts() -> None:
    states = (StateView("connectivity.OUTAGE", 42.0), *CABLE.states[1:])
    expected = ("cable", "OUTAGE for 42 s: nothing answers and nothing comes in; the rates are held")
    assert told(with_cable(replace(CABLE, states=states))) == [expected]


def test_a_rate_that_the_router_does_not_take_is_told_with_its_reason() -> None:
    behind = replace(CABLE.upload, behind_s=75.0, suppressed="budget")
    expected = ("cable", "upload: the router has had another rate than wanted for 75 s (budget)")
    assert told(with_cable(replace(CABLE, upload=behind))) == [expected]


def test_a_wish_that_is_on_its_way_is_no_problem() -> None:
    assert told(with_cable(replace(CABLE, upload=replace(CABLE.upload, behind_s=2.0)))) == []


def test_a_rate_that_nobody_knows_is_a_problem_once_the_site_has_started() -> None:
    unknown = with_cable(replace(CABLE, download=replace(CABLE.download, applied_bps=None)))
    assert told(unknown) == [("cable", "download: nobody knows which rate the router has")]
    assert told(replace(unknown, up_s=1.0)) == []


@pytest.mark.parametrize(
    ("view", "what"),
    [
        (replace(VIEW, silent_s=3.0), "ticks"),
        (replace(VIEW, work=replace(VIEW.work, p99_ms=41.0)), "ticks"),
        (replace(VIEW, faults=1), "machines"),
        (replace(VIEW, troubles=("http: cannot listen",)), "daemon"),
        (replace(VIEW, router=replace(VIEW.router, troubles=("audit: refused",))), "router"),
        (replace(VIEW, router=replace(VIEW.router, day_left=0)), "router"),
        (with_cable(replace(CABLE, age_ms=9_000.0)), "cable"),
        (with_cable(replace(CABLE, age_ms=None)), "cable"),
        (with_cable(replace(CABLE, deaf=("9.9.9.9",))), "cable"),
        (with_cable(replace(CABLE, unfelt=("download",))), "cable"),
        (with_cable(replace(CABLE, probes=replace(CABLE.probes, problems=("no route",)))), "cable"),
    ],
)
def test_each_part_that_fails_is_named(view: SiteView, what: str) -> None:
    assert [problem.what for problem in problems(view)] == [what]


def test_a_router_that_refuses_three_times_makes_the_site_not_ready() -> None:
    checks = readiness(replace(VIEW, router=replace(VIEW.router, failures=3)))
    assert [check.what for check in checks if not check.ok] == ["router"]


def test_a_class_that_is_elsewhere_than_wanted_for_long_is_a_problem_and_so_is_one_with_nowhere_to_go() -> None:
    here, there = VIEW.classes[0].candidates
    lost = replace(VIEW.classes[0], applied="cable", behind_s=90.0)
    assert [one.text for one in problems(replace(VIEW, classes=(lost,))) if one.what == "realtime"] == [
        "new connections are wanted on lte, and have been on cable for 90 s"
    ]
    stuck = replace(VIEW.classes[0], candidates=(here, replace(there, refused="it is down")))
    assert [one.text for one in problems(replace(VIEW, classes=(stuck,))) if one.what == "realtime"] == [
        "lte is down, and there is no other WAN that it could use"
    ]
