"""What the emulated router remembers, and how it behaves when several touch it."""

import json
import threading
import urllib.request
from ssl import create_default_context

import pytest

from wanctl.testing.routeros import RouterosEmulator, State, Write, built_in, home_router
from wanctl.testing.routeros.kind import Time
from wanctl.testing.routeros.trap import NoSuchItem, Trap

DOWN = "WAN-Download-Cable"


@pytest.fixture
def state() -> State:
    return State(home_router(), now_ns=lambda: 0)


def field(state: State, menu: str, name: str, key: str) -> str | None:
    return state.record(menu, state.id_of(menu, name) or "").get(key)


def test_a_reference_follows_a_renamed_object(state: State) -> None:
    state.set("/queue/type", state.id_of("/queue/type", "cake-down-cable") or "", {"name": "renamed"})
    assert field(state, "/queue/tree", DOWN, "queue") == "renamed"


def test_a_reference_to_a_removed_object_shows_its_dead_id(state: State) -> None:
    dead = state.id_of("/queue/type", "cake-down-cable") or ""
    state.remove("/queue/type", dead)
    assert field(state, "/queue/tree", DOWN, "queue") == dead
    assert field(state, "/queue/tree", DOWN, "invalid") == "true"


def test_new_ids_keep_references(state: State) -> None:
    old = state.id_of("/queue/type", "cake-down-cable")
    state.renumber("/queue/type")
    assert state.id_of("/queue/type", "cake-down-cable") != old
    assert field(state, "/queue/tree", DOWN, "queue") == "cake-down-cable"


def test_an_id_is_not_given_twice(state: State) -> None:
    first = state.add("/queue/tree", {"name": "a", "parent": "global"})
    state.remove("/queue/tree", first)
    assert state.add("/queue/tree", {"name": "b", "parent": "global"}) != first


def test_a_refused_change_has_changed_nothing(state: State) -> None:
    before = state.records("/queue/tree")
    id_ = before[0][".id"]
    for values, text in (
        ({"max-limit": "5M", "priority": "9"}, r"value of priority out of range \(1\.\.8\)"),
        ({"max-limit": "5M", "bytes": "0"}, "unknown parameter bytes"),
        ({"max-limit": "fast"}, "invalid value for argument max-limit"),
        ({"max-limit": "5M", "queue": "none-such"}, "input does not match any value of queue"),
        ({"name": "WAN-Upload-Cable"}, "failure: already have such name"),
    ):
        with pytest.raises(Trap, match=text):
            state.set("/queue/tree", id_, values)
    assert state.records("/queue/tree") == before


def test_a_comment_is_there_only_while_it_says_something(state: State) -> None:
    id_ = state.id_of("/queue/tree", DOWN) or ""
    assert "comment" not in state.record("/queue/tree", id_)
    state.set("/queue/tree", id_, {"comment": "x"})
    assert state.record("/queue/tree", id_)["comment"] == "x"
    state.set("/queue/tree", id_, {"comment": ""})
    assert "comment" not in state.record("/queue/tree", id_)


def test_a_queue_type_shows_the_fields_of_its_kind_alone(state: State) -> None:
    cake = state.record("/queue/type", state.id_of("/queue/type", "cake-down-cable") or "")
    assert {name.split("-")[0] for name in cake} == {".id", "name", "kind", "default", "cake"}
    assert cake["cake-nat"] == "true"
    assert cake["cake-bandwidth"] == "0"


def test_a_moved_object_keeps_its_id(state: State) -> None:
    ids = [state.add("/queue/simple", {"name": name}) for name in "abc"]
    state.move("/queue/simple", ids[2], ids[0])
    assert [one["name"] for one in state.records("/queue/simple")] == ["c", "a", "b"]
    state.move("/queue/simple", ids[2], "*FFFF")  # an unknown destination is the end
    assert [one[".id"] for one in state.records("/queue/simple")] == ids


def test_counters_may_be_reset(state: State) -> None:
    state.count("/queue/tree", DOWN, bytes=9, dropped=1)
    state.reset_counters("/queue/tree", [state.id_of("/queue/tree", DOWN) or ""])
    assert field(state, "/queue/tree", DOWN, "bytes") == "0"
    assert field(state, "/queue/tree", DOWN, "max-limit") == "800000000"


def test_counters_add_up_from_many_threads(state: State) -> None:
    def feed() -> None:
        for _ in range(500):
            state.add_counter_bytes("ether1", 3, 1)

    threads = [threading.Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert field(state, "/interface", "ether1", "rx-byte") == "6000"
    assert field(state, "/interface", "ether1", "tx-byte") == "2000"


def test_traffic_through_no_interface_is_a_mistake(state: State) -> None:
    with pytest.raises(KeyError):
        state.add_counter_bytes("ether99", 1, 1)


def test_listeners_hear_of_each_change(state: State) -> None:
    heard: list[Write] = []
    state.on_write(heard.append)
    id_ = state.id_of("/queue/tree", DOWN) or ""
    state.set("/queue/tree", id_, {"max-limit": "10M"})
    assert heard == [Write("/queue/tree", "set", id_, DOWN, {"max-limit": "10000000"})]


def test_uptime_runs() -> None:
    now = [0]
    state = State(home_router(), now_ns=lambda: now[0])
    assert state.records("/system/resource")[0]["uptime"] == "4m58s"
    now[0] = 3_600 * 10**9 + 999_999_999
    assert state.records("/system/resource")[0]["uptime"] == "1h4m58s"


def test_a_state_that_makes_no_sense_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match="the emulator has no menu /queue/trees; it has /interface"):
        State({"/queue/trees": []})
    with pytest.raises(ValueError, match="/queue/tree 'x': input does not match any value of parent"):
        State({**built_in(), "/queue/tree": [{"name": "x", "parent": "nosuch"}]})


def test_an_unknown_object_is_an_error(state: State) -> None:
    with pytest.raises(NoSuchItem):
        state.record("/queue/tree", "*99")


def test_a_span_is_shown_normalised(state: State) -> None:
    assert Time().keep("100m5s", "cake-rtt", state) == "1h40m5s"


def test_the_url_serves_a_plain_client() -> None:
    with RouterosEmulator(password="p") as router:
        password = urllib.request.HTTPPasswordMgrWithPriorAuth()
        password.add_password(None, router.rest_url, "wanctl", "p", is_authenticated=True)
        opener = urllib.request.build_opener(
            urllib.request.HTTPBasicAuthHandler(password),
            urllib.request.HTTPSHandler(context=create_default_context(cafile=str(router.ca_file))),
        )
        url = f"{router.rest_url}/queue/tree?name={DOWN}&.proplist=name,max-limit"
        with opener.open(url, timeout=10) as response:
            body = json.load(response)
    assert body == [{".id": "*1000000", "name": DOWN, "max-limit": "800000000"}]


def test_what_was_dumped_can_be_loaded_with_its_dangling_references(state: State) -> None:
    dead = state.id_of("/queue/type", "cake-down-cable") or ""
    state.remove("/queue/type", dead)
    again = State(state.dump(), now_ns=lambda: 0)
    assert again.dump() == state.dump()
    assert field(again, "/queue/tree", DOWN, "queue") == dead
