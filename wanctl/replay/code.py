"""The codes of what can be wrong with a trace, each with what it means and what to do.

`bad` and `good` are whole small traces; they are empty where the fault is not in the text of a trace.
"""

from wanctl.engine.code import Code

_HEAD = "t_s,reflector,rtt_ms\n"

CODES: dict[str, Code] = {
    "WC701": Code(
        "damaged compressed file",
        "The file ends with .gz, and from some line on it cannot be unpacked: it was cut, or changed on its way. Pack "
        "it again from the original.",
    ),
    "WC702": Code("a trace without rows", "There is nothing to replay: no line follows the header.", _HEAD),
    "WC703": Code(
        "no header of a trace",
        "The first line names the columns: t_s,reflector,rtt_ms, perhaps with wan; or t_ms,rtt_ms, perhaps with "
        "tcp_rtt_ms and gateway_ok. Rates beside a trace have t_s,dl_rx_mbit,ul_tx_mbit.",
        "time,host,rtt\n0.05,192.0.2.1,20.5\n",
        f"{_HEAD}0.05,192.0.2.1,20.5\n",
    ),
    "WC704": Code(
        "a torn row",
        "A row has as many fields as the header has names, and the last line ends. --tolerant skips such rows.",
        f"{_HEAD}0.05,192.0.2.1\n",
        f"{_HEAD}0.05,192.0.2.1,20.5\n",
    ),
    "WC705": Code(
        "not a number",
        "Times and round-trip times are decimal numbers with a point. --tolerant skips such rows.",
        f"{_HEAD}0.05,192.0.2.1,20ms\n",
        f"{_HEAD}0.05,192.0.2.1,20.5\n",
    ),
    "WC706": Code(
        "not a measurement",
        "A round-trip time is not negative and not longer than a probe can take; a probe that was lost has an empty "
        "rtt_ms. --tolerant skips such rows.",
        f"{_HEAD}0.05,192.0.2.1,-3\n",
        f"{_HEAD}0.05,192.0.2.1,\n",
    ),
    "WC707": Code(
        "time goes back or leaps",
        "Rows stand in order of time, and no two are more than a day apart. --tolerant skips such rows.",
        f"{_HEAD}1.05,192.0.2.1,20\n0.05,192.0.2.1,20\n",
        f"{_HEAD}0.05,192.0.2.1,20\n1.05,192.0.2.1,20\n",
    ),
    "WC708": Code(
        "no such name in a row",
        "The wan of a row is one of the site's, and a reflector is an address or a plain name. --tolerant skips "
        "such rows.",
    ),
    "WC709": Code(
        "nothing to replay with",
        "A trace runs through the WANs of a site (--site), or through one made from a profile that holds absolute "
        "rates (--profile cable or dsl). The message says what does not fit.",
    ),
    "WC710": Code(
        "decisions cannot be written",
        "The file of --decisions or --transitions cannot be made where it should be, or its disk is full.",
    ),
    "WC711": Code(
        "not a transcript",
        "A transcript of transitions has an opening line, one line for each row that fired, and a closing line, each a "
        "JSON object: wanctl replay TRACE --transitions OUT.jsonl writes one. What wanctl why --json prints will do, "
        "too. A file of --decisions holds states and rates by the tick, and not the rows that fired.",
    ),
    "WC712": Code(
        "a transcript that was cut",
        "The last line has no end: the disk was full, or the file was copied while it was written. Take that line away "
        "to use the rest.",
    ),
    "WC713": Code(
        "a transcript of another machine",
        "The transcript is of a machine with other rows or states: another one, or this one before its file was "
        "changed. Draw the machine that ran, or run this one again.",
    ),
}
