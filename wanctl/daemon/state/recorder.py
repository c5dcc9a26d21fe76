"""What a running site measures, written as traces that `wanctl replay` runs: a pair of files for each WAN.

    state folder/record-N/cable.csv          t_s,reflector,rtt_ms: an echo a row, in order of sending
    state folder/record-N/cable.rates.csv    t_s,dl_rx_mbit,ul_tx_mbit: a row holds until the next one

The tick only appends what it has in its hands anyway to a list; once a second the thread of the disk makes rows of it.
A recording ends by itself after its time, or when its files are full. TCP connects are left out: the form has echoes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from wanctl.control.sample import Observation, Reading, Sample, Sent, Void
from wanctl.daemon.state.disk import Disk

LATE_NS = 5_000_000_000  # an answer that comes later is none
BATCH_NS = 1_000_000_000
MOST_BYTES = 256 * 1_024 * 1_024
MOST_RECORDINGS = 20
MOST_WAITING = 65_536
_HEADS = ("t_s,reflector,rtt_ms\n", "t_s,dl_rx_mbit,ul_tx_mbit\n")

Note = Callable[[str], None]
_Key = tuple[str, int]  # reflector, sent_ns


class RecordError(Exception):
    """A recording that cannot be; the text says why."""


@dataclass(slots=True)
class _Wan:
    """The files of one WAN, and what is not written yet."""

    echoes: TextIO
    rates: TextIO
    sent: dict[_Key, float | None] = field(default_factory=dict)  # RTT in ms, in order of sending
    before: Reading | None = None
    counted: bool = False


class Recording:
    """The files of one recording; the disk's thread writes, one that ended is closed."""

    def __init__(self, folder: Path, wans: Iterable[str], began_ns: int) -> None:
        """Raises `RecordError` when the files cannot be made."""
        self.folder, self._began_ns, self.written_bytes = folder, began_ns, 0
        self._wans: dict[str, _Wan] = {}
        try:
            folder.mkdir(mode=0o700, parents=True)
            for wan in wans:
                echoes = (folder / f"{wan}.csv").open("w", encoding="ascii")
                rates = (folder / f"{wan}.rates.csv").open("w", encoding="ascii")
                self._wans[wan] = _Wan(echoes, rates)
                for file, head in zip((echoes, rates), _HEADS, strict=True):
                    file.write(head)
        except OSError as error:
            self.close()
            raise RecordError(f"cannot record to {folder}: {error.strerror}") from error

    def write(self, items: Iterable[Observation | Reading], now_ns: int) -> None:
        """Take items in, and write the rows whose answers have come or will not count any more."""
        for item in items:
            wan = self._wans.get(item.wan)
            if wan is None:
                continue  # of a reload while this ran: the recording has the WANs that it began with
            match item:
                case Sent(source=source, reflector=reflector, sent_ns=sent_ns) if source != "tcp":
                    if len(wan.sent) < MOST_WAITING:
                        wan.sent[reflector, sent_ns] = None
                case Sample(reflector=reflector, sent_ns=sent_ns, received_ns=received_ns):
                    if (reflector, sent_ns) in wan.sent and received_ns - sent_ns <= LATE_NS:
                        wan.sent[reflector, sent_ns] = (received_ns - sent_ns) / 1e6
                case Void(reflector=reflector, sent_ns=sent_ns):
                    wan.sent.pop((reflector, sent_ns), None)
                case Reading():
                    self._rate(wan, item)
        for wan in self._wans.values():
            self._settle(wan, now_ns - LATE_NS)
            wan.echoes.flush()
            wan.rates.flush()

    def close(self) -> None:
        """Write what is left and close the files."""
        for wan in self._wans.values():
            self._settle(wan, 1 << 62)
            wan.echoes.close()
            wan.rates.close()
            if not wan.counted:  # a rates file without a row would be refused
                Path(wan.rates.name).unlink()
        self._wans.clear()

    def _settle(self, wan: _Wan, until_ns: int) -> None:
        done = []
        for (reflector, sent_ns), rtt_ms in wan.sent.items():
            if sent_ns > until_ns:
                break
            done.append((reflector, sent_ns))
            if sent_ns >= self._began_ns:
                shown = "" if rtt_ms is None else f"{rtt_ms:.3f}"
                self.written_bytes += wan.echoes.write(f"{self._time(sent_ns)},{reflector},{shown}\n")
        for key in done:
            del wan.sent[key]

    def _rate(self, wan: _Wan, reading: Reading) -> None:
        before, wan.before = wan.before, reading
        if before is None or reading.at_ns <= before.at_ns or before.at_ns < self._began_ns:
            return
        wan.counted = True
        grown = reading.rx_bytes - before.rx_bytes, reading.tx_bytes - before.tx_bytes
        mbit = ("" if count < 0 else f"{count * 8e3 / (reading.at_ns - before.at_ns):.4f}" for count in grown)
        self.written_bytes += wan.rates.write(f"{self._time(before.at_ns)},{','.join(mbit)}\n")

    def _time(self, at_ns: int) -> str:
        return f"{(at_ns - self._began_ns) / 1e9:.6f}"


class Recorder:
    """Starts and stops recordings, one at a time.

    `start` and `stop` belong to the thread that serves requests, for they may wait for the disk; `take` and `close`
    belong to the ticks.
    """

    def __init__(self, folder: Path, disk: Disk, note: Note) -> None:
        self._folder, self._disk, self._note = folder, disk, note
        self._recording: Recording | None = None
        self._ending = False
        self._items: list[Observation | Reading] = []
        self._due_ns = self._until_ns = 0

    @property
    def folder(self) -> Path | None:
        """Where a recording goes on; None when there is none."""
        recording = self._recording
        return None if recording is None else recording.folder

    def start(self, wans: Iterable[str], now_ns: int, duration_ns: int) -> Path:
        """Begin, and say where; `RecordError` when one goes on already, or the disk refuses."""
        if self._recording is not None:
            raise RecordError(f"a recording goes on already, to {self._recording.folder}")
        taken = [int(number) for path in self._folder.glob("record-*") if (number := path.name[7:]).isdecimal()]
        if len(taken) >= MOST_RECORDINGS:
            raise RecordError(f"there are {len(taken)} recordings in {self._folder}: remove some")
        recording = Recording(self._folder / f"record-{max(taken, default=0) + 1}", wans, now_ns)
        self._until_ns, self._due_ns, self._ending = now_ns + duration_ns, now_ns + BATCH_NS, False
        self._recording = recording  # last: from now on the ticks see it
        return recording.folder

    def stop(self) -> Path:
        """Have it end with the next tick, and say where it is; `RecordError` when there is none."""
        recording = self._recording
        if recording is None:
            raise RecordError("no recording goes on")
        self._ending = True
        return recording.folder

    def take(self, observations: Iterable[Observation], readings: Iterable[Reading], now_ns: int) -> None:
        """Take what a tick has in its hands."""
        recording = self._recording
        if recording is None:
            return
        self._items += observations
        self._items += readings
        if self._ending or now_ns >= self._until_ns or recording.written_bytes >= MOST_BYTES:
            if not self._ending:
                self._note(f"the recording has ended: {recording.folder}")
            self.close(now_ns)
        elif now_ns >= self._due_ns:
            self._due_ns = now_ns + BATCH_NS
            self._hand_over(recording, now_ns)

    def close(self, now_ns: int) -> None:
        """End what goes on, if anything does."""
        recording, self._recording = self._recording, None
        if recording is not None:
            self._hand_over(recording, now_ns)
            self._disk.post(f"end of {recording.folder.name}", lambda: self._try(recording.close, recording))

    def _hand_over(self, recording: Recording, now_ns: int) -> None:
        items, self._items = self._items, []
        # Each batch has a name of its own: none may take another's place.
        self._disk.post(
            f"{recording.folder.name} {now_ns}", lambda: self._try(lambda: recording.write(items, now_ns), recording)
        )

    def _try(self, write: Callable[[], None], recording: Recording) -> None:
        """In the disk's thread."""
        try:
            write()
        except OSError as error:
            recording.written_bytes = MOST_BYTES  # the next tick ends it
            self._note(f"the recording to {recording.folder} stops: {error.strerror}")
