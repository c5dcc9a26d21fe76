"""A new configuration without a restart, and the way back to the one before.

Read, checked and compiled off the loop, compared with the router, and then, between two ticks, put in the place of the
old one: the machines, baselines and rates of WANs that are still there go on. Whatever is wrong changes nothing. With a
time to confirm, the old one comes back by itself unless somebody says in time that the new one is good: whoever has
locked himself out need only wait.

The text of the configuration before is kept in the state folder, so that there is a way back after a restart too.
"""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wanctl.config import SiteFile
from wanctl.config.law import build_site
from wanctl.control.memory import RecallError
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.control.server import RefusedError
from wanctl.daemon.fitting import Fitting, fit
from wanctl.daemon.loop import Loop
from wanctl.daemon.preflight import Checked, compare, read_checked
from wanctl.daemon.state.store import Store, StoreError
from wanctl.daemon.supervisor import Supervisor
from wanctl.decision import Decision
from wanctl.engine import FileError, Findings
from wanctl.probe import AddressError, ProbePermissionError
from wanctl.routeros import RouterError
from wanctl.site import Site

SCHEMA = "wanctl.reload/1"
STORE = "before"
SETTLE_S = 10.0  # longer than a shaper needs to end
MOST_SAID = 10  # faults of a file in the journal; whoever asked gets all

Note = Callable[[str], None]
Told = dict[str, Any]


class Reloader:
    """Changes what a loop has in its hands. `reload`, `confirm` and `rollback` may be called by any thread but its own.

    It listens to the ticks, for the time to confirm and for SIGHUP (`wanted`).
    """

    def __init__(
        self,
        path: Path,
        loop: Loop,
        supervisor: Supervisor,
        folder: Path | None,
        clock: SystemClock,
        note: Note,
    ) -> None:
        """`folder` is the state folder, None where there is none."""
        self._path, self._loop, self._supervisor = path, loop, supervisor
        self._clock, self._note = clock, note
        self._budget = None if folder is None else Store(folder, "budget")
        self._store = None if folder is None else Store(folder, STORE)
        self._before = self._stored()
        self._named = named_in(loop.fitting.file)
        self._busy = threading.Lock()
        self._deadline_ns: int | None = None
        self.wanted = False  # by a signal; the next tick begins it
        self.count = self.failures = 0
        self.last_refused = False

    # -- what others ask for -------------------------------------------------------------------------------------------
    def reload(self, text: str | None = None, confirm_ns: int | None = None) -> Told:
        """Take the file as it is now (or this text of it). What is wrong with it comes back as `refused`.

        Raises `RefusedError` while another one goes on or waits to be confirmed.
        """
        if self._deadline_ns is not None and text is None:
            raise RefusedError("the last reload is not confirmed yet", "wanctl confirm SITE, or wanctl rollback SITE")
        if not self._busy.acquire(blocking=False):
            raise RefusedError("a reload goes on already", "ask again in a moment")
        condition = self._supervisor.life.condition
        handed_over = False
        try:
            condition.reloading = True
            self._loop.errands.ask(lambda _now_ns: None)  # from here on the service manager knows
            told, old = self._exchange(text)
            if old is not None:
                self._deadline_ns = None if confirm_ns is None else self._clock.monotonic_ns() + confirm_ns
                told["confirm_s"] = None if confirm_ns is None else confirm_ns / 1e9
                threading.Thread(target=self._hand_over, args=(old,), name="reload", daemon=True).start()
                handed_over = True
            return told
        finally:
            condition.reloading = False
            if not handed_over:
                self._busy.release()

    def confirm(self) -> Told:
        """The configuration at work is good: it stays."""
        if self._deadline_ns is None:
            raise RefusedError("no reload waits to be confirmed")
        self._deadline_ns = None
        self._note("reload: confirmed")
        return {"schema": SCHEMA, "site": self._loop.fitting.file.name, "confirmed": True}

    def rollback(self) -> Told:
        """Go back to the configuration before."""
        before = self._before
        if before is None:
            raise RefusedError("no configuration was before this one")
        self._deadline_ns = None
        told = self.reload(before)
        if told["changed"]:
            self._note(f"reload: rolled back; {self._path} still holds what was rolled back")
        return told | {"rolled_back": bool(told["changed"])}

    def settle(self) -> None:
        """Wait until what goes on has come to its end, and begin nothing more."""
        self._busy.acquire(timeout=SETTLE_S)

    # -- a listener of the ticks ---------------------------------------------------------------------------------------
    def say(self, text: str) -> None:
        """Sentences are the journal's business."""

    def decided(self, decision: Decision) -> None:
        """A tick was held: is a reload wanted, or is the time to confirm over?"""
        if self.wanted:
            self.wanted = False
            self._begin(self.reload)
        if self._deadline_ns is not None and decision.at_ns >= self._deadline_ns:
            self._deadline_ns = None
            self._note("reload: nobody has confirmed it in time, and so the configuration before comes back")
            self._begin(self.rollback)

    def close(self) -> None:
        """The ticks have ended."""

    def _begin(self, work: Callable[[], Told]) -> None:
        threading.Thread(target=self._try, args=(work,), name="reload", daemon=True).start()

    def _try(self, work: Callable[[], Told]) -> None:
        try:
            work()
        except RefusedError as error:
            self._note(f"reload: {error.message}")
        except Exception as error:  # noqa: BLE001  (a state with a dump)
            self._supervisor.failed("reload", error)

    # -- the exchange --------------------------------------------------------------------------------------------------
    def _exchange(self, text: str | None) -> tuple[Told, Fitting | None]:
        """The answer, and the parts that were replaced; None when nothing was."""
        old = self._loop.fitting
        told: Told = {"schema": SCHEMA, "site": old.file.name, "file": str(self._path), "changed": False}
        try:
            checked = read_checked(self._path, text)
            told |= {"sha256": checked.sha256, "warnings": [item.concise() for item in checked.file.warnings]}
            named = named_in(checked.file)
            if checked.text == old.checked.text and named == self._named:
                self._note("reload: the file is the one at work, and nothing changes")
                return told, None
            new = self._prepared(checked)
        except FileError as error:
            return self._refused(told, [item.concise() for item in error.findings]), None
        except (AddressError, ProbePermissionError, RouterError) as error:
            return self._refused(told, [f"{self._path}: {error}"]), None
        anew = self._swapped(new)
        self._named = named
        if checked.text != old.checked.text:
            self._remember(old.checked.text)
        self.count, self.last_refused = self.count + 1, False
        if old.file.site.http != new.file.site.http:
            anew.append("http: it takes effect when the daemon is started again")
        self._note(f"reload: {self._path} is at work{''.join(f'; {lost}' for lost in anew)}")
        return told | {"changed": True, "anew": anew}, old

    def _prepared(self, checked: Checked) -> Fitting:
        """The new parts, compared with the router. Everything slow is here."""
        site = build_site(checked.file.plan(), self._clock.monotonic_ns())
        new = fit(checked, site, self._budget, self._clock, self._note)
        findings = Findings(sources=dict(checked.file.warnings.sources))
        try:
            compare(checked.file, new.ways, findings, self._note)
            findings.raise_errors()
        except BaseException:
            new.close()
            raise
        return new

    def _swapped(self, new: Fitting) -> list[str]:
        """Put the new parts to work between two ticks; which WANs begin anew, and why."""
        given_up = threading.Event()

        def swap(now_ns: int) -> list[str]:
            if given_up.is_set():
                return []
            anew = hand_on(self._loop.site, new.site, now_ns)
            self._loop.refit(new)
            self._supervisor.forget("decisions")  # whatever has failed is gone with what it was part of
            return anew

        try:
            anew: list[str] = self._loop.errands.ask(swap)
        except BaseException:
            given_up.set()
            new.close()
            raise
        return anew

    def _hand_over(self, old: Fitting) -> None:
        """Let the old shaper end, and then the new one begin: there is never more than one that writes."""
        new = self._loop.fitting
        try:
            kept = {target.queue for target in new.actuator.targets}
            same = old.file.site.router == new.file.site.router
            old.shaper.release(kept if same else set())
            if old.steerer is not None:
                old.steerer.stop()
            if old.file.site.budget == new.file.site.budget and self._budget is None:
                new.actuator.budget = old.actuator.budget
            lost = new.allowance.load()
            if lost:
                self._note(lost)
            new.start()
            self._supervisor.forget("shaper")
            self._supervisor.forget("steering")
            old.close()
        except Exception as error:  # noqa: BLE001  (a state with a dump)
            self._supervisor.failed("shaper", error)
        finally:
            self._busy.release()

    def _refused(self, told: Told, faults: list[str]) -> Told:
        self.failures, self.last_refused = self.failures + 1, True
        for fault in faults[:MOST_SAID]:
            self._note(f"reload refused, nothing has changed: {fault}")
        return told | {"refused": faults}

    # -- the configuration before --------------------------------------------------------------------------------------
    def _stored(self) -> str | None:
        value = None if self._store is None else self._store.load().value
        text = None if value is None else value.get("text")
        return text if isinstance(text, str) else None

    def _remember(self, text: str) -> None:
        self._before = text
        if self._store is None:
            return
        try:
            self._store.save({"text": text})
        except StoreError as error:
            self._note(f"{error}: after a restart there is no way back to the configuration before")


def named_in(file: SiteFile) -> dict[str, str]:
    """What the files hold that a site file names, as SHA-256: a new password is a change, too.

    Raises `FileError` when one cannot be read.
    """
    if file.site.router is None:
        return {}
    found = {"password_file": file.password().encode()}
    path = file.named_file("ca_file")
    if path is not None:
        found["ca_file"] = path.read_bytes()
    return {key: hashlib.sha256(content).hexdigest() for key, content in found.items()}


def hand_on(old: Site, new: Site, now_ns: int) -> list[str]:
    """Let the WANs that stay go on where they were; which of them begin anew, and why."""
    anew = []
    for name, wan in new.wans.items():
        before = old.wans.get(name)
        if before is None:
            continue
        try:
            trouble = wan.recall(before.memory(), now_ns, machine=True, rates=True)
        except RecallError as error:  # of another law: it has not been touched
            trouble = str(error)
        if trouble:
            anew.append(f"{name} begins anew: {trouble}")
    if old.steering is not None and new.steering is not None:
        anew += [f"steering begins anew: {lost}" for lost in new.steering.recall(old.steering.memory())]
    return anew
