"""What a doctor finds on a router, over real TLS and SSH: one trouble, one finding that names it and its remedy."""

import pytest

from tests.doctor.conftest import DOWN, UP, Office
from wanctl.doctor import Finding
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.console import Console

TREE, SIMPLE, TYPE = "/queue/tree", "/queue/simple", "/queue/type"


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, [finding.what for finding in findings]
    return findings[0]


def change(router: RouterosEmulator, menu: str, of: str, /, **values: str) -> None:
    router.state.set(menu, router.state.id_of(menu, of) or "", {key.replace("_", "-"): values[key] for key in values})


def type_in(router: RouterosEmulator, finding: Finding) -> str:
    """Type what the finding says on the router; what the router answers."""
    return "".join(Console(router.state).run(step.line) for step in finding.do if step.where == "router")


def test_a_router_that_lacks_nothing_is_fine(office: Office) -> None:
    report = office.examine()
    assert [finding.what for finding in report.findings if finding.mark != "ok"] == []
    assert report.reached
    assert {finding.group for finding in report.findings} == {
        "router over REST", "router over SSH", "router", "queues",
    }  # fmt: skip


def test_nothing_is_changed(office: Office, router: RouterosEmulator) -> None:
    before = {
        menu: records for menu, records in router.state.dump().items() if menu not in ("/log", "/system/resource")
    }
    office.examine()
    after = router.state.dump()
    assert {menu: after[menu] for menu in before} == before


def test_each_missing_queue_is_named_with_the_near_one(office: Office, router: RouterosEmulator) -> None:
    change(router, TREE, DOWN, name="WAN-Downlaod-Cable")
    finding = only(office.found())
    assert (finding.check, finding.group) == ("queue.missing", "queues")
    assert DOWN in finding.what
    assert "WAN-Downlaod-Cable" in finding.what
    assert any(step.line.startswith("/queue/tree/add name=") for step in finding.do)


def test_two_simple_queues_of_one_name_are_one_too_many(office: Office, router: RouterosEmulator) -> None:
    router.state.add(SIMPLE, {"name": "lte", "max-limit": "20M/100M", "queue": "cake-up-cable/cake-down-cable"})
    router.state.add(SIMPLE, {"name": "lte2", "max-limit": "20M/100M"})
    router.state.raw(SIMPLE)[1][0]["name"] = "lte"
    office.download = "{simple_queue: lte, plan: 100Mbit}"
    finding = office.found()[0]
    assert finding.check == "queue.ambiguous"
    assert "2 of the router's objects" in finding.what


def test_a_disabled_queue_is_enabled_by_the_line_that_is_told(office: Office, router: RouterosEmulator) -> None:
    router.state.set(TREE, router.state.id_of(TREE, UP) or "", {"comment": "x"})
    router.state.add(SIMPLE, {"name": "lte", "max-limit": "20M/100M", "queue": "cake-up-cable/cake-down-cable"})
    change(router, SIMPLE, "lte", disabled="yes")
    office.upload = "{simple_queue: lte, plan: 20Mbit}"
    finding = only(office.found())
    assert finding.check == "queue.disabled"
    assert type_in(router, finding) == ""
    assert office.found() == []


def test_a_queue_whose_type_is_gone_is_invalid(office: Office, router: RouterosEmulator) -> None:
    router.state.remove(TYPE, router.state.id_of(TYPE, "cake-down-cable") or "")
    assert only(office.found()).check == "queue.invalid"


@pytest.mark.parametrize(
    "trouble", ["queue.parent-limit", "queue.parent-disabled", "queue.limit-at", "queue.two-shapers"]
)
def test_a_limit_that_is_void_is_told_and_mended_by_the_line(
    office: Office, router: RouterosEmulator, trouble: str
) -> None:
    router.state.add(TREE, {"name": "all", "parent": "bridge"})
    change(router, TREE, DOWN, parent="all")
    match trouble:
        case "queue.parent-limit":
            change(router, TREE, "all", max_limit="100M")
        case "queue.parent-disabled":
            change(router, TREE, "all", disabled="yes")
        case "queue.limit-at":
            change(router, TREE, DOWN, limit_at="500M")
        case "queue.two-shapers":
            change(router, TYPE, "cake-down-cable", cake_bandwidth="100M")
    finding = only(office.found())
    assert finding.check == trouble
    assert type_in(router, finding) == ""
    assert office.found() == []


def test_a_plain_fifo_is_doubtful(office: Office, router: RouterosEmulator) -> None:
    change(router, TREE, UP, queue="default-small")
    finding = only(office.found("warn"))
    assert finding.check == "queue.type"
    assert "pfifo" in finding.what
    assert type_in(router, finding) == ""
    assert office.found("warn") == []


def test_a_mark_that_nobody_gives_is_doubtful(office: Office, router: RouterosEmulator) -> None:
    rule = router.state.records("/ip/firewall/mangle")[0]
    router.state.set("/ip/firewall/mangle", rule[".id"], {"disabled": "yes"})
    finding = only(office.found("warn"))
    assert finding.check == "rule.mark-missing"
    assert type_in(router, finding) == ""
    assert office.found("warn") == []


def test_fasttrack_bypasses_what_hangs_below_global_and_nothing_else(office: Office, router: RouterosEmulator) -> None:
    rule = router.state.records("/ip/firewall/filter")[0]
    router.state.unset("/ip/firewall/filter", rule[".id"], "connection-mark")
    assert office.found() == []
    change(router, TREE, DOWN, parent="global")
    finding = only(office.found())
    assert finding.check == "rule.fasttrack"
    assert DOWN in finding.what
    assert UP not in finding.what
    assert type_in(router, finding) == ""
    assert office.found() == []


def test_a_missing_interface_is_named(office: Office, router: RouterosEmulator) -> None:
    change(router, "/interface", "ether1", name="ether-wan")
    assert only(office.found()).check == "interface.missing"


def test_a_list_that_a_class_names_is_looked_for(office: Office, router: RouterosEmulator) -> None:
    office.more = "classes:\n  calls: {who: {lists: [phones]}, prefer: [cable]}\n"
    finding = only(office.found("warn"))
    assert (finding.check, "'phones'" in finding.what) == ("list.missing", True)
    router.state.add("/ip/firewall/address-list", {"list": "phones", "address": "192.0.2.1"})
    assert office.found("warn") == []


@pytest.mark.parametrize(("policy", "transports"), [("write", 2), ("ssh", 1)])
def test_a_policy_that_is_missing_is_named(
    office: Office, router: RouterosEmulator, policy: str, transports: int
) -> None:
    router.account.policies.discard(policy)
    found = [finding for finding in office.found() if finding.check == "user.policy-missing"]
    assert len(found) == transports
    assert all(policy in finding.what for finding in found)
    router.account.policies.add("write")  # whoever types it may
    assert type_in(router, found[0]) == ""
    assert office.found() == []


def test_policies_beyond_need_are_doubtful(office: Office, router: RouterosEmulator) -> None:
    router.account.policies |= {"ftp", "policy"}
    finding = only(office.found("warn"))
    assert finding.check == "user.policy-spare"
    assert "ftp, policy" in finding.what
    assert type_in(router, finding) == ""
    assert office.found("warn") == []


def test_a_service_that_keeps_us_out_is_seen_over_the_other_transport(office: Office, router: RouterosEmulator) -> None:
    change(router, "/ip/service", "www-ssl", address="192.0.2.0/24", port=str(router.port))
    router.faults.down = {"rest"}
    checks = [finding.check for finding in office.found()]
    assert checks == ["reach", "service.address"]
    change(router, "/ip/service", "www-ssl", address="", disabled="yes", certificate="none")
    checks = [finding.check for finding in office.found()]
    assert checks == ["reach", "service.disabled", "service.certificate"]


def test_sessions_that_run_out_are_doubtful(office: Office, router: RouterosEmulator) -> None:
    change(router, "/ip/service", "ssh", max_sessions="3")
    finding = only(office.found("warn"))
    assert (finding.check, finding.group) == ("service.sessions", "router over SSH")


def test_a_wrong_clock_is_doubtful(office: Office, router: RouterosEmulator) -> None:
    router.faults.clock_off_s = -7_200
    finding = only(office.found("warn"))
    assert finding.check == "router.clock"
    assert "2 h behind" in finding.what


@pytest.mark.parametrize(
    ("version", "marks"),
    [
        ("6.49.18 (long-term)", ["fail", "warn"]),
        ("7.12.1 (stable)", ["warn", "warn"]),
        ("7.21.5 (stable)", ["warn", "warn"]),
        ("7.24rc2 (testing)", ["warn", "warn"]),
        ("7.24.2 (stable)", []),
    ],
)
def test_known_quirks_go_by_version(office: Office, router: RouterosEmulator, version: str, marks: list[str]) -> None:
    router.state.raw("/system/resource")[0][0]["version"] = version
    found = [finding.mark for finding in office.examine().findings if finding.check == "router.version"]
    assert [mark for mark in found if mark != "ok"] == marks[: len(found)]
    assert bool(marks) == ("ok" not in found)
