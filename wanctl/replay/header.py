"""The first line of a trace or a rates file: which column stands where."""

from collections.abc import Sequence

from wanctl.engine.diagnostic import did_you_mean
from wanctl.replay.fault import refuse

Columns = dict[str, int]  # name -> position in a row
Kind = tuple[tuple[str, ...], tuple[str, ...]]  # required, optional

TRACE_KINDS: tuple[Kind, ...] = (
    (("t_s", "reflector", "rtt_ms"), ("wan",)),
    (("t_ms", "rtt_ms"), ("tcp_rtt_ms", "gateway_ok")),
)
TRACE_FORMS = "t_s,reflector,rtt_ms or t_s,wan,reflector,rtt_ms or t_ms,rtt_ms[,tcp_rtt_ms,gateway_ok]"
RATES_COLUMNS = ("t_s", "dl_rx_mbit", "ul_tx_mbit")
RATES_FORM = "t_s,dl_rx_mbit,ul_tx_mbit (more columns may follow)"


def trace_columns(file: str, line: str) -> Columns:
    """The columns of a trace; `TraceError` (WC703) when they are of no known kind."""
    names = _names(file, line, TRACE_FORMS)
    if set(RATES_COLUMNS) <= set(names):
        refuse("WC703", "this is a rates file, not a trace", file, 1, "hand it over with --rates, beside its trace")
    kinds = [kind for kind in TRACE_KINDS if kind[0][0] in names] or list(TRACE_KINDS)
    for required, optional in kinds:
        if set(required) <= set(names) <= {*required, *optional}:
            return {name: position for position, name in enumerate(names)}
    required, optional = kinds[0]
    missing = [name for name in required if name not in names]
    unknown = [name for name in names if name not in (*required, *optional)]
    if len(kinds) > 1 or (missing and len(missing) == len(required)):
        refuse(
            "WC703", f"no known kind of trace begins with the columns {line[:80]!r}", file, 1, f"known: {TRACE_FORMS}"
        )
    if missing:
        found = did_you_mean(missing[0], unknown) if unknown else ""
        hint = f"'{unknown[0]}' is no column of such a trace" if found.startswith("did") else f"known: {TRACE_FORMS}"
        refuse("WC703", f"the column '{missing[0]}' is missing", file, 1, hint)
    hint = did_you_mean(unknown[0], (*required, *optional)) or f"known: {TRACE_FORMS}"
    return refuse("WC703", f"unknown column '{unknown[0]}'", file, 1, hint)


def rates_columns(file: str, line: str) -> Columns:
    """The columns of a rates file; further ones are allowed. `TraceError` (WC703) when one is missing."""
    names = _names(file, line, RATES_FORM)
    for name in RATES_COLUMNS:
        if name not in names:
            refuse("WC703", f"the column '{name}' is missing", file, 1, f"a rates file begins with {RATES_FORM}")
    return {name: position for position, name in enumerate(names)}


def _names(file: str, line: str, form: str) -> Sequence[str]:
    names = [
        name.strip() for name in line.removeprefix("\xef\xbb\xbf").split(",")
    ]  # a byte order mark, read as Latin-1
    if any(not name.isascii() or not name.isprintable() or len(name) > 40 for name in names):
        refuse("WC703", "the first line is not a list of columns", file, 1, f"a file of this kind begins with {form}")
    for position, name in enumerate(names):
        if name in names[:position]:
            refuse("WC703", f"the column '{name}' stands twice", file, 1, f"a file of this kind begins with {form}")
    return names
