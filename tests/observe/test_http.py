"""The HTTP side on real sockets: what each path says, to whom, and what a slow listener costs."""

import http.client
import json
import math
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.daemon.serving import ask, daemon, eventually
from tests.observe.views import VIEW
from wanctl.config.law import law_model
from wanctl.control.sample import Confirmation
from wanctl.daemon.clock import SystemClock
from wanctl.decision import Decision, SetRate
from wanctl.engine import Transition, compile_model
from wanctl.engine.blocked import Still
from wanctl.observe.collector import Metrics
from wanctl.observe.history import History
from wanctl.observe.http import Application
from wanctl.observe.metric import METRICS
from wanctl.observe.server import HttpServer, ServerError
from wanctl.observe.source import Scrape, Site, StuckError
from wanctl.observe.stream import MOST_CLIENTS
from wanctl.observe.view import SiteView
from wanctl.observe.why import Moment
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD, write_site

PROGRAM = compile_model(law_model("default"))


class Standing:
    """A site that stands still until a test moves it."""

    def __init__(self) -> None:
        self.site = Site("home", "sites/home.yaml", "ab" * 32, {"cable": PROGRAM, "lte": PROGRAM})
        self.now: SiteView | None = VIEW
        self.history = History({("cable", "download"): 412_000_000}, 0)
        self.machine = PROGRAM.start(0, "cable")

    def view(self) -> SiteView:
        if self.now is None:
            raise StuckError("the tick loop does not answer")
        return replace(self.now, transitions=self.history.transitions)

    def scrape(self) -> Scrape:
        return Scrape(self.view(), 9_000_000_000, tuple(self.history.counts.items()), tuple(self.history.records))

    def moment(self) -> Moment:
        still = Still.of(self.machine)
        return Moment("home", 9_000_000_000, VIEW.at_s, tuple(self.history.records), {"cable": still, "lte": still})

    def move(self) -> None:
        transition = Transition(
            8_000_000_000,
            "cable/wan",
            "download.GREEN#2",
            "tick",
            "download.GREEN",
            ("download.RED",),
            "severe and mine",
            "a queue that hurts stands in this direction",
            (("delta", 92.5), ("hard", 80.0), ("stale", False)),
            (("delta > hard", 12.5),),
            ("download.GREEN", "download.GREEN.CRUISE"),
            ("download.RED", "download.RED.CUT"),
            ("rate.cut",),
        )
        intent = SetRate("cable", "download", 300_000_000, cut=True)
        self.history.note(Decision(8_000_000_000, (intent,), (transition,), {}))
        self.history.confirm([Confirmation("cable", "download", 300_000_000, 8_038_000_000)])


@pytest.fixture
def source() -> Standing:
    return Standing()


@pytest.fixture
def port(source: Standing) -> Iterator[int]:
    server = HttpServer(Application(source), "127.0.0.1", 0)
    server.start()
    yield server.port
    server.stop()
    assert server.failure is None


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse_text(text)
        for sample in family.samples
    }


def test_every_metric_is_in_the_table_and_every_entry_of_the_table_is_exported(port: int) -> None:
    status, text = get(port, "/metrics")
    assert status == 200
    families = list(parse_text(text))
    written = {f"{metric.name}_info" if metric.kind == "info" else metric.name for metric in METRICS}
    assert {family.name for family in families} == written
    assert all(family.documentation for family in families)
    of = {metric.name: set(metric.labels) for metric in METRICS}
    for family in families:
        extra = {"le", family.name}  # of a histogram, and of a state set
        labels = {label for sample in family.samples for label in sample.labels}
        assert labels - extra == of[family.name.removesuffix("_info")], family.name


def test_wanted_and_applied_stand_side_by_side(port: int) -> None:
    found = samples(get(port, "/metrics")[1])
    upload = (("direction", "upload"), ("wan", "cable"))
    assert found["wanctl_shaper_wanted_bytes_per_second", upload] == 30_100_000 / 8
    assert found["wanctl_shaper_applied_bytes_per_second", upload] == 32_300_000 / 8


def test_a_state_is_one_of_all_that_the_machine_has(port: int) -> None:
    found = samples(get(port, "/metrics")[1])
    states = {
        dict(labels)["wanctl_upload_state"]: value
        for (name, labels), value in found.items()
        if name == "wanctl_upload_state" and ("wan", "lte") in labels
    }
    assert states == {"GREEN": 0, "YELLOW": 0, "SOFT_RED": 0, "RED": 0, "HOLD": 1}


def test_what_is_unknown_is_not_a_number_and_no_series_is_missing(port: int) -> None:
    found = samples(get(port, "/metrics")[1])
    assert math.isnan(found["wanctl_rtt_jitter_seconds", (("wan", "lte"),)])
    key = (("region", "download"), ("source", "GREEN"), ("target", "RED"), ("wan", "cable"))
    assert found["wanctl_transitions_total", key] == 0


def test_transitions_and_ticks_are_counted(source: Standing, port: int) -> None:
    source.move()
    found = samples(get(port, "/metrics")[1])
    key = (("region", "download"), ("source", "GREEN"), ("target", "RED"), ("wan", "cable"))
    assert found["wanctl_transitions_total", key] == 1
    assert found["wanctl_tick_duration_seconds_count", ()] == 230_400
    assert found["wanctl_tick_duration_seconds_bucket", (("le", "0.01"),)] == 230_399


def test_openmetrics_is_spoken_to_those_who_ask_for_it(port: int) -> None:
    status, text = get(port, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert status == 200
    kinds = {family.name: family.type for family in parse_openmetrics(text)}
    assert kinds["wanctl_download_state"] == "stateset"
    assert kinds["wanctl_build"] == "info"


def test_liveness_follows_the_ticks_and_nothing_else(source: Standing, port: int) -> None:
    source.now = replace(VIEW, router=replace(VIEW.router, failures=50, troubles=("no answer",)))
    assert get(port, "/livez") == (200, "ok\n")
    source.now = replace(VIEW, silent_s=1.5)
    assert get(port, "/livez") == (503, "the tick loop is silent\n")
    source.now = None
    assert get(port, "/livez")[0] == 503


def test_readiness_says_what_is_missing(source: Standing, port: int) -> None:
    assert get(port, "/readyz") == (200, "ready\n")
    source.now = replace(VIEW, wans=tuple(replace(wan, age_ms=None) for wan in VIEW.wans))
    assert get(port, "/healthz") == (503, "not ready\n")
    status, text = get(port, "/readyz?verbose")
    detail = json.loads(text)
    assert (status, detail["ready"]) == (503, False)
    assert [check["what"] for check in detail["checks"] if not check["ok"]] == ["measured"]


def test_the_snapshot_is_what_status_says(port: int) -> None:
    status, text = get(port, "/api/v1/snapshot")
    answer = json.loads(text)
    assert (status, answer["schema"], answer["wans"][0]["name"]) == (200, "wanctl.status/1", "cable")


def test_why_tells_transitions_with_their_results(source: Standing, port: int) -> None:
    source.move()
    status, text = get(port, "/api/v1/why?wan=cable&n=5")
    answer = json.loads(text)
    assert (status, answer["schema"]) == (200, "wanctl.why/1")
    (moved,) = answer["transitions"]
    assert (moved["from"], moved["to"], moved["held_s"]) == ("GREEN.CRUISE", "RED.CUT", 8.0)
    assert moved["values"][0] == {"name": "delta", "value": 92.5, "text": "92.5 ms"}
    assert moved["rate"] == {"before_bps": 412_000_000, "wanted_bps": 300_000_000, "cut": True}
    assert moved["router"] == {"applied_bps": 300_000_000, "after_ms": 38.0, "reason": ""}
    assert moved["at_s"] == VIEW.at_s - 1.0
    assert get(port, "/api/v1/why?wan=cabel")[0] == 404
    assert get(port, "/api/v1/why?n=-1")[0] == 400


@pytest.mark.parametrize("host", ["evil.example", "evil.example:9101", "127.0.0.1.evil.example", ""])
def test_a_page_of_a_stranger_gets_nothing(port: int, host: str) -> None:
    assert get(port, "/metrics", Host=host)[0] == 421


@pytest.mark.parametrize(
    "host", ["localhost:1", "LOCALHOST", "127.0.0.1", "[::1]:9101", "10.0.0.7:9101", socket.gethostname()]
)
def test_this_host_may_be_called_by_its_own_names(port: int, host: str) -> None:
    assert get(port, "/livez", Host=host)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(port: int, method: str) -> None:
    assert get(port, "/api/v1/snapshot", method)[0] == 405


def test_an_address_that_is_taken_says_so(port: int, source: Standing) -> None:
    with pytest.raises(ServerError, match=f"cannot listen on 127.0.0.1 port {port}"):
        HttpServer(Application(source), "127.0.0.1", port)


def test_answers_leave_at_once(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(15).startswith(b"HTTP/1.1 200")


class Listener:
    """A client of /events that takes one event at a time."""

    def __init__(self, port: int, **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.connection.request("GET", "/events", headers=headers)
        self.answer = self.connection.getresponse()

    def next(self) -> tuple[str, str, Any]:
        fields = {}
        while line := self.answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return fields["event"], fields.get("id", ""), json.loads(fields["data"])

    def transitions(self, count: int) -> list[tuple[str, Any]]:
        found = []
        while len(found) < count:
            name, number, data = self.next()
            if name == "transition":
                found.append((number, data))
        return found


def test_a_listener_sees_the_site_at_once_and_each_transition(source: Standing, port: int) -> None:
    source.move()  # before it listens: not its business
    listener = Listener(port)
    name, _, data = listener.next()
    assert (name, data["schema"]) == ("snapshot", "wanctl.status/1")
    source.move()
    ((number, moved),) = listener.transitions(1)
    assert (number, moved["row"], moved["router"]["after_ms"]) == ("2", "download.GREEN#2", 38.0)


def test_a_listener_that_comes_back_misses_nothing(source: Standing, port: int) -> None:
    for _ in range(4):
        source.move()
    listener = Listener(port, **{"Last-Event-ID": "2"})
    assert [number for number, _ in listener.transitions(2)] == ["3", "4"]


def test_the_number_of_listeners_is_bounded_and_they_may_leave(source: Standing, port: int) -> None:
    listeners = [Listener(port) for _ in range(MOST_CLIENTS)]
    for listener in listeners:
        listener.next()
    assert get(port, "/events")[0] == 503
    for listener in listeners:
        listener.answer.close()
        listener.connection.close()
    eventually(lambda: Listener(port).answer.status == 200)


def test_a_listener_that_does_not_read_holds_up_nobody_and_gets_the_newest_when_it_does(
    source: Standing, port: int
) -> None:
    slow, quick = Listener(port), Listener(port)
    quick.next()
    for _ in range(300):
        source.move()
    # More than a queue holds: the oldest are gone, and the snapshot behind them says how many there were.
    assert quick.transitions(1)[0][1]["number"] > 1
    while (found := slow.next())[0] != "snapshot" or found[2]["transitions"] != 300:
        pass
    assert get(port, "/livez")[0] == 200


def test_the_classic_law_has_the_states_that_it_has(source: Standing) -> None:
    classic = compile_model(law_model("classic"), {name: symbol_default(name) for name in needed("classic")})
    source.site = Site("home", "sites/home.yaml", "ab" * 32, {"cable": classic, "lte": classic})
    text = Metrics(source).exposition("")[0].decode()
    assert 'wanctl_download_state{wan="cable",wanctl_download_state="GREEN"} 1.0' in text
    assert "wanctl_baseline_state{" not in text
    assert "# HELP wanctl_baseline_state " in text


def needed(law: str) -> list[str]:
    return [name for name, symbol in law_model(law).params.items() if not symbol.has_default]


def symbol_default(name: str) -> float:
    return {"ceiling": 100e6, "floor": 10e6}.get(name.partition("_")[2], 10e6)


def test_an_address_that_is_taken_is_said_and_the_site_is_shaped_all_the_same(tmp_path: Path) -> None:
    with socket.socket() as taken, RouterosEmulator(user="wanctl", password=PASSWORD) as router:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        reflectors = Reflectors([lambda _now_ns: 20.0] * 6, SystemClock())
        reflectors.start()
        site = write_site(tmp_path, router, reflectors.addresses)
        site.write_text(site.read_text() + f"http: 127.0.0.1:{taken.getsockname()[1]}\n")
        with daemon(site, tmp_path / "run" / "demo"):
            eventually(lambda: router.max_limit("WAN-Download-Cable") == 21_250_000)
            found = ask(tmp_path / "run" / "demo", {"verb": "status"})["result"]["problems"]
        reflectors.close()
    assert [problem["what"] for problem in found if "cannot listen" in problem["text"]] == ["daemon"]


def test_a_daemon_serves_what_its_file_asks_for(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    with RouterosEmulator(user="wanctl", password=PASSWORD) as router:
        reflectors = Reflectors([lambda _now_ns: 20.0] * 6, SystemClock())
        reflectors.start()
        site = write_site(tmp_path, router, reflectors.addresses)
        site.write_text(site.read_text() + f"http: 127.0.0.1:{number}\n")
        with daemon(site, tmp_path / "run" / "demo") as running:
            eventually(lambda: answers(number))
            eventually(lambda: get(number, "/readyz")[0] == 200)
            found = samples(get(number, "/metrics")[1])
            assert found["wanctl_ticks_total", ()] > 0
            assert found["wanctl_shaper_applied_bytes_per_second", (("direction", "download"), ("wan", "cable"))] > 0
            listener = Listener(number)
            assert listener.next()[0] == "snapshot"
            running.send_signal(signal.SIGTERM)
            _, journal = running.communicate(timeout=30)
        reflectors.close()
    assert "Traceback" not in journal  # although somebody was listening


def answers(port: int) -> bool:
    try:
        return get(port, "/livez")[0] == 200
    except ConnectionRefusedError:
        return False
