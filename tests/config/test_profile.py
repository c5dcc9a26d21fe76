"""The profiles that ship with wanctl."""

import pytest

from wanctl.config import load_profile, profile_names
from wanctl.config.law import law_model
from wanctl.config.value import BadValueError
from wanctl.engine.program import compile_model
from wanctl.plan import DirectionPlan

# The figures of the classic law as the field knows them: ms, bit/s, ratios.
CABLE = {
    "baseline_rtt_initial": 24.0,
    "target": 12.0,
    "warn": 45.0,
    "hard": 80.0,
    "accel": 12.0,
    "baseline_time_constant": 50_000.0,
    "load_time_constant": 100.0,
    "download_floor_green": 550e6,
    "download_floor_yellow": 350e6,
    "download_floor_soft_red": 275e6,
    "download_floor_red": 200e6,
    "download_ceiling": 940e6,
    "download_step_up": 10e6,
    "download_factor_down": 0.85,
    "download_factor_down_yellow": 0.96,
    "upload_floor": 8e6,
    "upload_ceiling": 38e6,
    "upload_step_up": 1e6,
    "upload_factor_down": 0.90,
    "upload_factor_down_yellow": 0.94,
}
DSL = {
    "baseline_rtt_initial": 31.0,
    "target": 3.0,
    "warn": 10.0,
    "hard": 80.0,
    "accel": 15.0,
    "baseline_alpha": 0.015,
    "load_alpha": 0.20,
    "download_floor_green": 25e6,
    "download_floor_yellow": 25e6,
    "download_floor_soft_red": 25e6,
    "download_floor_red": 25e6,
    "download_ceiling": 95e6,
    "download_step_up": 2e6,
    "download_factor_down": 0.90,
    "download_factor_down_yellow": 0.96,
    "upload_floor": 6e6,
    "upload_ceiling": 18e6,
    "upload_step_up": 0.5e6,
    "upload_factor_down": 0.95,
    "upload_factor_down_yellow": 0.94,
}


@pytest.mark.parametrize(("name", "figures"), [("cable", CABLE), ("dsl", DSL)])
def test_a_profile_holds_the_classic_figures_of_its_kind_of_link(name: str, figures: dict[str, float]) -> None:
    assert load_profile(name).classic_params() == figures


def test_the_classic_law_starts_at_the_ceiling() -> None:
    assert load_profile("dsl").classic_limits() == (
        DirectionPlan(25_000_000, 95_000_000, 95_000_000),
        DirectionPlan(6_000_000, 18_000_000, 18_000_000),
    )


def test_the_kinds_of_link_are_known_by_name() -> None:
    assert profile_names() == ("cable", "default", "dsl", "fiber", "lte", "starlink")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_compiles_with_the_machines_it_has_figures_for(name: str) -> None:
    profile = load_profile(name)
    compile_model(law_model("default"), profile.params)
    if profile.classic is not None:
        compile_model(law_model("classic"), profile.classic_params())


@pytest.mark.parametrize("name", profile_names())
def test_no_profile_gives_the_default_law_an_absolute_rate(name: str) -> None:
    params = law_model("default").params
    assert [key for key in load_profile(name).params if params[key].dimension == "rate"] == []


def test_an_unknown_profile_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadValueError) as raised:
        load_profile("cabel")
    assert (raised.value.code, raised.value.hint) == ("WC130", "did you mean 'cable'?")
