"""How many writes a router may get in an hour: arithmetic of the budget, for a machine bounds nothing of the kind.

A machine may ask for another rate at every tick. What reaches the router goes through `wanctl.budget`, whose buckets
bound every sequence of writes that waits when it is told to: within any time `t` at most `size + t * size / period` of
each bucket. Nothing gets more out of a bucket than taking each token as soon as it is there, so one such run, on the
budget itself, attains the bound.
"""

from wanctl.budget import DAY_NS, MINUTE_NS, WriteBudget
from wanctl.verify.cone import emitted, lists_of
from wanctl.verify.effect import may_move_a_rate
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.result import Fault, Result

HOUR_NS = 60 * MINUTE_NS


def check_writes(inquiry: Inquiry) -> Result | None:
    """The greediest sequence of writes stays within the bound; None for a machine that asks for no rate."""
    lists = [actions for state in inquiry.model.states for _, actions in lists_of(state)]
    if not any(may_move_a_rate(action) for actions in lists for action in emitted(actions)):
        return None
    budget = WriteBudget()
    bound = most_writes(budget, HOUR_NS)
    counted = greedy_writes(budget, HOUR_NS)
    result = Result("writes have a bound", "writes", "proved", "arithmetic")
    result.text = (
        f"at most {bound} an hour and router, whatever is wished, by the budget ({budget.minute} a minute, "
        f"{budget.day} a day); the machine itself may wish at every tick"
    )
    if counted > bound:
        result.status = "violated"
        result.faults.append(Fault("wanctl/budget.py", f"{counted} writes in an hour, and {bound} are the bound"))
    return result


def most_writes(budget: WriteBudget, time_ns: int) -> int:
    """The bound on the writes within any `time_ns`; -1 where the budget has none."""
    sizes = [(budget.minute, MINUTE_NS), (budget.day, DAY_NS)]
    return min((size + time_ns * size // period for size, period in sizes if size is not None), default=-1)


def greedy_writes(budget: WriteBudget, time_ns: int) -> int:
    """Writes of somebody who takes each token at once, all of them cuts; the budget's buckets are full at first."""
    now_ns = count = 0
    while True:
        wait_ns = budget.wait_ns(now_ns, cut=True)
        now_ns += wait_ns
        if now_ns > time_ns:
            return count
        budget.spend(now_ns)
        count += 1
