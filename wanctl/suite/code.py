"""The codes of what can be wrong with a test file, each with what it means and what to do.

`bad` and `good` are the lines that matter, put into a complete test of a small machine: `bad` raises the code, `good`
raises none. They are empty where no lines of a test file raise it.
"""

from wanctl.engine.code import Code

CODES: dict[str, Code] = {
    "WC601": Code(
        "wrong kind of value in a test",
        "A single value, a list in [ ] or a map of keys is needed, and something else is there.",
        "input: [5, 20]",
        "input: {delta: '5x20'}",
    ),
    "WC602": Code(
        "unknown key in a test",
        "A key that is not known would be without effect. In an expectation any state may stand as a key, too: it "
        "names the region that the value is looked for in.",
        "inputs: {delta: 5}",
        "input: {delta: 5}",
    ),
    "WC603": Code(
        "a test lacks something",
        "A test file names its machine, a test has a name and expects something, an event has a name.",
        "events: [{at: 1s}]",
        "events: [{at: 1s, event: operator.hold}]",
    ),
    "WC604": Code(
        "no such machine to test",
        "'machine' is a file, looked for beside the test file and then here, or the name of a machine in ./machines/ "
        "or a shipped one.",
    ),
    "WC605": Code(
        "not a time",
        "Times have a unit and are not negative; 'tick' as a number counts from 1, and the tick at 0 s is the first.",
        "expect: [{at: 1.4, state: GREEN}]",
        "expect: [{at: 1.4s, state: GREEN}]",
    ),
    "WC606": Code(
        "no such input",
        "Inputs are those of the machine, by the names it declares; those that a template brings have its state before "
        "them (download_load). A test with a law has rtt, tcp, download and upload instead.",
        "input: {detla: 5}",
        "input: {delta: 5}",
    ),
    "WC607": Code(
        "not a series",
        "A series is made of parts with blanks between them: 5, 5ms, 5x20 (twenty times), 10+2x5 (10 12 14 16 18), _ "
        "(missing), true x20. After its end the last value stays.",
        "input: {delta: '5 * 20'}",
        "input: {delta: '5x20'}",
    ),
    "WC608": Code(
        "a sample that does not fit the input",
        "A sample has the kind, the unit and the range that the machine declares for the input.",
        "input: {delta: 5Mbit}",
        "input: {delta: 5ms}",
    ),
    "WC609": Code(
        "no such state",
        "States are named by their path or by as much of its end as is unique; the value of a region's key lies "
        "below it.",
        "expect: [{at: 1s, state: GREEEN}]",
        "expect: [{at: 1s, state: GREEN}]",
    ),
    "WC610": Code(
        "no such row",
        "A row is named by its state and its place among all rows of that state, from 1.",
        "expect: [{at: 1s, fired: 'GREEN#9'}]",
        "expect: [{at: 0s, fired: []}]",
    ),
    "WC611": Code(
        "no such intent",
        "Only what some state or row of the machine can ask for may be expected, with the arguments it gives there.",
        "expect: [{at: 1s, intents: [rate.raise]}]",
        "expect: [{at: 1s, intents: [rate.cut]}]",
    ),
    "WC612": Code(
        "a value that cannot be",
        "What is expected of a datum fits its declaration, rates have a unit, faults are counted.",
        "expect: [{at: 1s, data: {count: 12}}]",
        "expect: [{at: 1s, data: {count: 1}}]",
    ),
    "WC613": Code(
        "a parameter that does not fit",
        "Parameters are those of the machine, in their units and ranges, and its 'where' holds.",
        "params: {target: 15}",
        "params: {target: 15ms}",
    ),
    "WC614": Code(
        "when?",
        "An expectation or event has one time: 'at' is the time since the start, 'tick' a number of a tick from 1.",
        "expect: [{state: GREEN}]",
        "expect: [{tick: 1, state: GREEN}]",
    ),
    "WC615": Code("two tests of one name", "Reports and --run tell tests by their names."),
    "WC616": Code(
        "nothing is expected",
        "An expectation without anything but a time would always be met.",
        "expect: [{at: 1s}]",
        "expect: [{at: 1s, state: GREEN}]",
    ),
    "WC617": Code(
        "a law that does not fit",
        "law: default drives the machine 'wan', law: classic the machine 'classic'. 'plan' gives the limits of both "
        "directions; 'rates' are expected of a law, 'intents' of a machine alone.",
        "expect: [{at: 1s, rates: {download: 5Mbit}}]",
        "expect: [{at: 1s, state: GREEN}]",
    ),
    "WC618": Code(
        "too long a test",
        "A test of a machine is over in moments. For a day of samples there is wanctl replay.",
        "input: {delta: 5x99999999}",
        "input: {delta: 5x20}",
    ),
    "WC619": Code("no test", "A file without tests would always be fine."),
    "WC620": Code(
        "not an event",
        "Events are named by words with dots between them. Ticks come from the clock: see 'tick' and 'input'.",
        "events: [{at: 1s, event: tick}]",
        "events: [{at: 1s, event: operator.hold}]",
    ),
}
