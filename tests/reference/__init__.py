"""A second opinion on the machine language: a small, slow interpreter written straight from its specification.

It shares no code with `wanctl.engine` but the table of units: a mistake would have to be made twice to go unseen.
Nothing here is optimised; where a sentence of the specification can be followed word by word, it is. The numbers in
comments (§2-§8) are its sections: 2 the machine, 3 unknown values and failures, 4 events and rows, 5 a microstep,
6 domain and conflicts, 7 queues, rest, time, 8 ticks.
"""

from tests.reference.chart import Chart, ChartError, read_chart
from tests.reference.interpreter import Interpreter, Seen

__all__ = ["Chart", "ChartError", "Interpreter", "Seen", "read_chart"]
