"""The command line accepts, refuses and prints as the routers did on which it was recorded."""

import json
from pathlib import Path

import pytest

from wanctl.testing.routeros import Account, State, built_in, home_router
from wanctl.testing.routeros.console import Console

RECORDED = json.loads((Path(__file__).parent / "fixtures" / "command_line.json").read_text())
PRINTED = json.loads((Path(__file__).parent / "fixtures" / "printed_queues.json").read_text())["styles"]
UP = '[find where name="WAN-Upload-Cable"]'


@pytest.fixture
def state() -> State:
    return State(home_router(), now_ns=lambda: 0, wall_ns=lambda: 0)


def run(state: State, source: str) -> list[str]:
    return Console(state).run(source).split("\r\n")[:-1]


def max_limit(state: State) -> str:
    return state.records("/queue/tree")[1]["max-limit"]


@pytest.mark.parametrize("case", RECORDED["cases"], ids=[case["input"] for case in RECORDED["cases"]])
def test_a_text_is_parsed_as_recorded(state: State, case: dict[str, str]) -> None:
    assert run(state, f':put [:parse "{case["input"]}"]') == [case["raw"]]


@pytest.mark.parametrize(("escape", "text"), RECORDED["accepted_escapes"].items())
def test_an_escape_is_accepted_as_recorded(state: State, escape: str, text: str) -> None:
    assert Console(state).run(f':put "<{escape}>"') == f"<{text}>\r\n"


@pytest.mark.parametrize("escape", RECORDED["refused_escapes"])
def test_an_escape_is_refused_as_recorded(state: State, escape: str) -> None:
    (line,) = run(state, f':put "<{escape}>"')
    assert line.startswith("syntax error (line 1 column ")


GET_UP = '[/queue/tree/get [/queue/tree/find where name="WAN-Upload-Cable"] max-limit]'


def test_a_value_is_set_and_read_back_in_digits(state: State) -> None:
    assert run(state, f"/queue/tree/set {UP} max-limit=87M; :put {GET_UP}") == ["87000000"]
    assert max_limit(state) == "87000000"


def test_an_inner_command_belongs_to_the_menu_of_the_outer_one(state: State) -> None:
    assert run(state, f":put [/queue/tree/get {UP} parent]") == ["ether1"]


def test_spaces_and_slashes_lead_to_the_same_menu(state: State) -> None:
    for source in ("/queue tree print count-only", "/queue/tree/print count-only", "queue tree; print count-only"):
        assert run(state, source) == ["2"]


def test_to_set_what_is_not_found_does_nothing_and_says_nothing(state: State) -> None:
    before = state.dump()
    assert run(state, '/queue/tree/set [find where name="none"] max-limit=1M; :put done') == ["done"]
    assert state.dump() == before


def test_to_get_what_is_not_found_is_an_error(state: State) -> None:
    assert run(state, ':put [/queue/tree/get [find where name="none"] max-limit]; :put after') == ["no such item"]


def test_nothing_of_a_broken_text_is_run(state: State) -> None:
    assert run(state, f"/queue/tree/set {UP} max-limit=1M; :put (") == ["syntax error (line 1 column 74)"]
    assert max_limit(state) == "32000000"


def test_an_unknown_command_stops_the_text_where_it_stands(state: State) -> None:
    source = f"/queue/tree/set {UP} max-limit=1M; /queue/tree/sett x; :put after"
    assert run(state, source) == ["bad command name sett (line 1 column 80)"]
    assert max_limit(state) == "1000000"


def test_a_refused_value_is_told_and_changes_nothing(state: State) -> None:
    for value, text in (
        ("max-limit=fast", "invalid value for argument max-limit"),
        ("priority=9", "value of priority out of range (1..8)"),
        ("queue=none-such", "input does not match any value of queue"),
        ("maximum=1", "bad parameter maximum (line 1 column 54)"),
    ):
        before = state.dump()
        assert run(state, f"/queue/tree/set {UP} {value}; :put after") == [text]
        assert state.dump() == before


def test_add_wants_its_arguments(state: State) -> None:
    source = "/ip/firewall/address-list/add list=x"
    assert run(state, source) == ["missing value(s) of argument(s) address"]


def test_conditions_choose_what_is_done(state: State) -> None:
    source = ':if ([:len [/queue/tree/find where parent="ether1"]] = 1) do={:put one} else={:put other}'
    assert run(state, source) == ["one"]
    assert run(state, source.replace("ether1", "ether2")) == ["other"]


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("type=ether", 5),
        ('type="ether" name=ether1', 1),
        ("type=ether and name!=ether1", 4),
        ("type=ether or type=bridge", 6),
        ("(type=ether or type=bridge) and !slave", 2),
        ("slave=no", 3),
        ("running", 7),
        ('name~"^ether[12]\\$"', 2),
        ("rx-byte>0", 0),
        ("rx-byte<1 mtu=1500", 5),
        ('comment=""', 7),
    ],
)
def test_where_selects(state: State, where: str, count: int) -> None:
    assert run(state, f":put [:len [/interface/find where {where}]]") == [str(count)]


def test_a_list_is_printed_for_people(state: State) -> None:
    printed = run(state, "/queue/tree/print detail where parent=ether1")
    assert printed[0] == "Flags: X - disabled, I - invalid "
    assert printed[1].startswith(' 0   name="WAN-Upload-Cable" parent=ether1 packet-mark=wan-out-cable')
    assert " max-limit=32M " in printed[1]


@pytest.mark.parametrize("style", PRINTED)
def test_queues_are_printed_as_captured(style: str) -> None:
    types = [{"name": f"pcq-{way}", "kind": "pcq"} for way in ("upload", "download")]
    both = {"limit-at": "89M", "max-limit": "89M"}
    tree = [
        {"name": "src", "parent": "global", "queue": "pcq-upload", **both},
        {"name": "dst", "parent": "global", "queue": "pcq-download", **both},
        {
            "name": "dst-02",
            "parent": "dst",
            "packet-mark": "ga_dst_mark",
            "queue": "pcq-download",
            "priority": "1",
            **both,
        },
        {"name": "queue_3_out", "parent": "dst", "packet-mark": "upload_3", "queue": "*2A"},
        {"name": "Limiting-Youtube", "parent": "global", "packet-mark": "pmark-Youtube"},
    ]
    seed = {**built_in(), "/queue/tree": tree}
    seed["/queue/type"] = [*seed["/queue/type"], *types]
    state = State(seed, now_ns=lambda: 0, wall_ns=lambda: 0)
    state.count("/queue/tree", "Limiting-Youtube", bytes=67_887, packets=355)
    printed = [line.rstrip() for line in run(state, f"/queue/tree/print {style}")]
    assert [line for line in PRINTED[style] if line not in printed] == []


def test_interfaces_are_printed_in_the_columns_of_version_7() -> None:
    # The form of networktocode/ntc-templates, interface print detail, of a router with version 7.
    ports = [
        {"name": "ether1", "default-name": "ether1", "type": "ether", "comment": "Uplink"},
        {"name": "ether2", "default-name": "ether2", "type": "ether", "disabled": "true"},
        {"name": "ether3", "default-name": "ether3", "type": "ether", "slave": "true"},
    ]
    printed = run(State({**built_in(), "/interface": ports}), "/interface/print detail")
    assert printed[0] == "Flags: D - dynamic; X - disabled, R - running; S - slave; P - passthrough "
    assert printed[1:3] == [
        " 0  R   ;;; Uplink",
        '        name="ether1" default-name="ether1" type="ether" mtu=1500 link-downs=0 vrf=main ',
    ]
    assert printed[4].startswith(' 1  X   name="ether2"')
    assert printed[6].startswith(' 2  RS  name="ether3"')


def test_a_single_object_is_printed_as_a_column(state: State) -> None:
    printed = run(state, "/system/resource/print")
    assert "               board-name: RB5009UG+S+" in printed
    assert "             total-memory: 1024.0MiB" in printed
    assert run(state, "/system/identity/print") == ["  name: MikroTik"]


def test_values_go_out_as_json(state: State) -> None:
    (line,) = run(state, ":put [:serialize to=json [/queue/tree/print as-value where parent=ether1]]")
    (queue,) = json.loads(line)
    assert queue["max-limit"] == 32_000_000
    assert queue["disabled"] is False


def test_a_span_is_shown_to_scripts_as_a_clock(state: State) -> None:
    entry = "/ip/firewall/address-list/add list=steer address=192.0.2.1 timeout=90s"
    read = ":put [/ip/firewall/address-list/get [find where list=steer] timeout]"
    assert run(state, f"{entry}; {read}") == ["00:01:30"]


def test_rates_are_shown_once(state: State) -> None:
    assert run(state, "/interface/monitor-traffic ether1 once")[0] == "                        name: ether1"


def test_a_missing_policy_is_told(state: State) -> None:
    state.account = Account("u", "p", {"read"})
    assert run(state, f"/queue/tree/set {UP} max-limit=1M") == ["not enough permissions (9)"]
    assert run(state, ":put [/system/identity/get name]") == ["MikroTik"]


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        (':put [/queue/tree/find where name~"["]', ["invalid regular expression"]),
        (":put [:tonum \u00b2]", [""]),
        (":put [/system/resource/print as-value where !version]", [""]),
        (":put [:len [/interface/print as-value]]", ["7"]),
        (":put ($nothing . 3)", ["3"]),
        (":put (1 + x)", ["cannot compare or calculate with 1 and x"]),
        ("/interface/ethernet/print", ["failure: the emulator does not do /interface/ethernet/print"]),
        ("/queue/tree/get", ["missing value(s) of argument(s) numbers"]),
    ],
)
def test_what_makes_little_sense_is_answered_all_the_same(state: State, source: str, printed: list[str]) -> None:
    assert run(state, source) == printed


def test_depth_and_length_have_an_end(state: State) -> None:
    for opening in ("[:put ", "(", "(!", '"$('):
        assert run(state, ":put " + opening * 2_000)[0].startswith("syntax error")
