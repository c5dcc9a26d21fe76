"""What a site file says, and what it need not say."""

from pathlib import Path

import pytest

from tests.config.sites import LINUX, SITE, WHOLE, edited, with_files
from wanctl.config import DEFAULT_REFLECTORS, Reflector, load_site
from wanctl.config.law import check_laws
from wanctl.engine import FileError, Findings
from wanctl.plan import DirectionPlan

CLASSIC = edited("    source:", "    profile: cable\n    law: classic\n    source:")


def codes(findings: Findings) -> list[str]:
    return [item.code for item in findings]


def test_the_files_name_is_the_sites_name(tmp_path: Path) -> None:
    assert load_site(with_files(tmp_path, SITE, "branch-7.yaml")).plan().name == "branch-7"


def test_a_short_site_has_nothing_to_look_at(tmp_path: Path) -> None:
    assert codes(load_site(with_files(tmp_path, SITE)).warnings) == []


def test_the_ceiling_is_85_percent_of_the_plan_and_floor_and_start_are_shares_of_it(tmp_path: Path) -> None:
    (wan,) = load_site(with_files(tmp_path, SITE)).plan().wans
    assert wan.download == DirectionPlan(floor_bps=39_950_000, ceiling_bps=799_000_000, start_bps=399_500_000)
    assert wan.upload == DirectionPlan(floor_bps=1_615_000, ceiling_bps=32_300_000, start_bps=16_150_000)
    assert (wan.law, dict(wan.params)) == ("default", {})


def test_a_written_ceiling_wins_over_the_plan(tmp_path: Path) -> None:
    site = load_site(
        with_files(tmp_path, edited("940Mbit", "940Mbit, ceiling: 900Mbit, floor: 90Mbit, start: 300Mbit"))
    )
    assert site.plan().wans[0].download == DirectionPlan(90_000_000, 900_000_000, 300_000_000)


def test_a_ceiling_alone_is_enough(tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, edited("plan: 940Mbit", "ceiling: 0.1Gbit")))
    assert site.plan().wans[0].download.ceiling_bps == 100_000_000


def test_a_high_floor_lifts_the_default_start(tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, edited("940Mbit", "100Mbit, floor: 60Mbit")))
    assert site.plan().wans[0].download == DirectionPlan(60_000_000, 85_000_000, 60_000_000)


def test_the_router_has_the_usual_ports(tmp_path: Path) -> None:
    router = load_site(with_files(tmp_path, SITE)).site.router
    assert router is not None
    assert (router.port, router.ssh_port) == (443, 22)


def test_every_key_of_the_form_is_read(tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, WHOLE)).site
    assert site.router is not None
    assert site.budget is not None
    assert (site.router.port, site.router.ssh_port, site.budget.minute, site.budget.day) == (8443, 2222, 20, 5000)
    assert (str(site.http), site.wans["cable"].fwmark, str(site.wans["lte"].metered)) == (
        "127.0.0.1:9101",
        17,
        "20 GB/month",
    )
    hurts = site.classes["realtime"].hurts
    assert hurts is not None
    assert (hurts.delay, hurts.jitter, hurts.loss) == (40.0, 10.0, 0.01)


def test_the_form_of_a_reflector_says_how_it_is_asked(tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, WHOLE))
    assert site.reflectors(site.site.wans["cable"]) == (
        Reflector("icmp", "9.9.9.9"),
        Reflector("icmp", "2001:db8::1"),
        Reflector("udp", "2001:db8::2", 7),
        Reflector("tcp", "192.0.2.55", 443),
    )
    assert [str(reflector) for reflector in site.reflectors(site.site.wans["lte"])] == [
        "192.0.2.53",
        "udp://192.0.2.54:7",
    ]


def test_without_reflectors_six_addresses_of_three_operators_are_asked(tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, SITE))
    assert site.reflectors(site.site.wans["cable"]) == DEFAULT_REFLECTORS
    assert len({reflector.address for reflector in DEFAULT_REFLECTORS}) == 6


def test_parameters_of_the_wan_go_before_those_of_the_site(tmp_path: Path) -> None:
    text = edited("    source:", "    params: {target: 20ms}\n    source:") + "params: {target: 10ms, warn: 0.1s}\n"
    assert dict(load_site(with_files(tmp_path, text)).plan().wans[0].params) == {"target": 20.0, "warn": 100.0}


def test_the_classic_law_has_the_figures_of_the_profile(tmp_path: Path) -> None:
    (wan,) = load_site(with_files(tmp_path, CLASSIC)).plan().wans
    assert wan.download == DirectionPlan(200_000_000, 940_000_000, 940_000_000)
    assert wan.upload == DirectionPlan(8_000_000, 38_000_000, 38_000_000)
    assert (wan.params["warn"], wan.params["download_floor_green"]) == (45.0, 550e6)


def test_a_site_writes_over_the_figures_of_the_classic_law(tmp_path: Path) -> None:
    limits = "940Mbit, ceiling: 500Mbit, floor: 50Mbit, start: 250Mbit"
    (wan,) = load_site(with_files(tmp_path, edited("940Mbit", limits, CLASSIC))).plan().wans
    assert wan.download == DirectionPlan(50_000_000, 500_000_000, 250_000_000)
    floors = {rate for name, rate in wan.params.items() if name.startswith("download_floor")}
    assert (wan.params["download_ceiling"], floors) == (500e6, {50e6})


def test_a_file_that_is_named_and_missing_is_a_warning(tmp_path: Path) -> None:
    path = with_files(tmp_path, SITE)
    (tmp_path / "ca.pem").unlink()
    assert codes(load_site(path).warnings) == ["WC150"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[rest]", "[rest, ssh]", ["WC151"]),
        ("940Mbit", "940Mbit, ceiling: 1Gbit", ["WC152"]),
        ("  user:", "  host_key: SHA256:uNiVztksCsDhcc0u9e8BrwgnvSvMSBoDnCQWe7DqAcE\n  user:", ["WC155"]),
    ],
)
def test_what_is_allowed_and_deserves_a_look_is_a_warning(old: str, new: str, told: list[str], tmp_path: Path) -> None:
    assert codes(load_site(with_files(tmp_path, edited(old, new))).warnings) == told


def test_two_wans_whose_probes_leave_by_the_same_way_are_a_warning(tmp_path: Path) -> None:
    text = (
        SITE
        + "  dsl:\n    source: 192.0.2.10\n    download: {queue: D, plan: 9Mbit}\n    upload: {queue: U, plan: 9Mbit}\n"
    )
    assert codes(load_site(with_files(tmp_path, text)).warnings) == ["WC153"]


def test_a_long_name_is_a_warning(tmp_path: Path) -> None:
    assert codes(load_site(with_files(tmp_path, SITE, f"{'x' * 25}.yaml")).warnings) == ["WC156"]


def test_what_this_version_does_not_serve_is_named_by_check_and_refused_by_run(tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, WHOLE))
    assert "WC154" in codes(site.warnings)
    with pytest.raises(FileError) as raised:
        site.require_runnable()
    assert "WC154" in codes(raised.value.findings)


HOST_KEY = "host_key: SHA256:uNiVztksCsDhcc0u9e8BrwgnvSvMSBoDnCQWe7DqAcE"


@pytest.mark.parametrize(
    "text",
    [
        SITE,
        LINUX,
        edited("transport: [rest]", f"transport: [rest, ssh]\n  {HOST_KEY}"),
        edited("transport: [rest]", f"transport: [ssh]\n  {HOST_KEY}"),
        edited("queue: WAN-Down", "simple_queue: WAN-Down"),
    ],
)
def test_a_site_that_is_served_runs(text: str, tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, text))
    assert "WC154" not in codes(site.warnings)
    site.require_runnable()


def test_run_refuses_ssh_without_a_host_key(tmp_path: Path) -> None:
    with pytest.raises(FileError) as raised:
        load_site(with_files(tmp_path, edited("[rest]", "[rest, ssh]"))).require_runnable()
    assert codes(raised.value.findings) == ["WC151"]


def test_run_refuses_a_site_whose_files_are_missing(tmp_path: Path) -> None:
    path = with_files(tmp_path, SITE)
    (tmp_path / "router.password").unlink()
    with pytest.raises(FileError) as raised:
        load_site(path).require_runnable()
    assert codes(raised.value.findings) == ["WC140"]


def test_a_relative_path_counts_from_the_sites_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    site = load_site(with_files(tmp_path / "sites", SITE))
    assert site.named_file("ca_file") == tmp_path / "sites" / "ca.pem"


def test_a_credential_of_the_same_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "router.password").write_text("handed over")
    (credentials / "router.password").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    site = load_site(with_files(tmp_path / "sites", SITE))
    assert site.password() == "handed over"
    assert site.named_file("ca_file") == tmp_path / "sites" / "ca.pem"


def test_the_machines_compile_with_the_sites_parameters(tmp_path: Path) -> None:
    for text in (SITE, CLASSIC):
        findings = Findings()
        check_laws(load_site(with_files(tmp_path, text)), findings)
        assert codes(findings) == []


@pytest.mark.parametrize(
    ("params", "code", "place"),
    [
        ("{tarket: 10ms}", "WC132", "11:14"),
        ("{target: 10Mbit}", "WC133", "11:22"),
        ("{target: 1h}", "WC133", "11:22"),
        ("{target: 50ms}", "WC133", "11:5"),  # not below warn any more
    ],
)
def test_a_parameter_that_does_not_suit_the_machine_is_an_error_in_the_site(
    params: str, code: str, place: str, tmp_path: Path
) -> None:
    site = load_site(with_files(tmp_path, edited("    source:", f"    params: {params}\n    source:", CLASSIC)))
    findings = Findings()
    check_laws(site, findings)
    assert [(item.code, f"{item.place.line}:{item.place.column}") for item in findings] == [(code, place)]
