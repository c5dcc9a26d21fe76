"""Server-sent events: transitions as they happen, and the site as it is, twice a second.

One pump looks at the site for all clients, and only while there are any. Each client has a short queue; one that reads
too slowly loses the oldest, which the next snapshot makes good.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from wanctl.observe.health import report
from wanctl.observe.source import Scrape, Site, StuckError
from wanctl.observe.why import places_of, transition_of

PERIOD_S = 0.5  # five listeners cost 0.2 % of a core; at 4 Hz 0.6 %
MOST_CLIENTS = 32
MOST_WAITING = 64

Event = tuple[int | None, bytes]  # number of its transition, and what goes out


class Stream:
    """The clients of one site. `look` fetches what there is to tell, off the event loop."""

    def __init__(self, site: Callable[[], Site], look: Callable[[], Awaitable[Scrape]]) -> None:
        """`site` tells what does not change before the next reload."""
        self._site, self._look = site, look
        self._sha256, self._places = "", dict[str, dict[str, str]]()
        self._clients: set[asyncio.Queue[Event]] = set()
        self._pump: asyncio.Task[None] | None = None
        self._last = 0  # number of the newest transition that was sent

    @property
    def is_full(self) -> bool:
        """Whether another client is one too many."""
        return len(self._clients) >= MOST_CLIENTS

    async def events(self, last_seen: int | None) -> AsyncIterator[bytes]:
        """What one client gets, beginning behind the transition that it saw last."""
        queue: asyncio.Queue[Event] = asyncio.Queue(MOST_WAITING)
        self._clients.add(queue)  # first: what happens while the first look is taken waits in the queue
        try:
            scrape = await self._look()
            told = scrape.view.transitions
            if self._pump is None or self._pump.done():
                self._last = told
                self._pump = asyncio.create_task(self._run())
            if last_seen is not None:
                for _, event in self._transitions(scrape, last_seen):
                    yield event
            yield _snapshot(scrape)[1]
            while True:
                number, event = await queue.get()
                if number is None or number > told:
                    yield event
        finally:
            self._clients.discard(queue)

    async def _run(self) -> None:
        while self._clients:
            await asyncio.sleep(PERIOD_S)
            try:
                scrape = await self._look()
            except StuckError:
                continue
            told = list(self._transitions(scrape, self._last))
            self._last = scrape.view.transitions
            told.append(_snapshot(scrape))
            for queue in list(self._clients):
                for event in told:
                    if queue.full():
                        queue.get_nowait()
                    queue.put_nowait(event)

    def _transitions(self, scrape: Scrape, after: int) -> Iterator[Event]:
        """What happened after the transition of that number, to WANs that the site still has."""
        site = self._site()
        if site.sha256 != self._sha256:
            self._sha256 = site.sha256
            self._places = {name: places_of(program) for name, program in site.programs.items()}
        for record in scrape.records:
            if record.number > after and record.wan in self._places:
                at_s = scrape.view.at_s - (scrape.at_ns - record.transition.at_ns) / 1e9
                told = transition_of(record, site.programs[record.wan], self._places[record.wan], at_s)
                yield _event("transition", told, record.number)


def _snapshot(scrape: Scrape) -> Event:
    return _event("snapshot", report(scrape.view), None)


def _event(name: str, data: Any, number: int | None) -> Event:
    identity = "" if number is None else f"id: {number}\n"
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return number, f"{identity}event: {name}\ndata: {text}\n\n".encode()
