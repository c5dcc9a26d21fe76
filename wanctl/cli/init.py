"""`wanctl init`: what a router must have before a site can be steered: shown, installed, or removed."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from wanctl.cli.report import lines as file_lines
from wanctl.cli.report import report_width
from wanctl.config import SiteFile, find_site, load_site
from wanctl.daemon.clock import SystemClock
from wanctl.engine import FileError

if TYPE_CHECKING:
    from wanctl.routeros.prepare import Installer, Step
    from wanctl.routeros.steering import SteeringPlan

    Steps = tuple[Step, ...]

MOST_ROUNDS = 3
NO_IPV6 = (
    "The router has a default route for IPv6. IPv6 is not steered: its connections stay where they are, for each WAN "
    "has prefixes of its own."
)

HELP = """Prepare the router of SITE for steering.

Without --apply a script for the router's command line is printed: tables, routes, marks, rules, each with a comment
`wanctl:SITE:...` by which it is known, and each made only where it is missing. With --apply it is done over the site's
own transport, after a question; what is there already is left as it is. --remove takes away whatever has the comment.
Nothing else on the router is touched. Where this host is the router (linux: {}), a script for its shell is printed, and
--apply does it over netlink at once.

\b
  wanctl init --steering home > home.rsc
  wanctl init --steering home --apply
  wanctl init --remove home

Exit code: 0 the router has it (or has it no more), 1 it was not done because nobody said yes, 2 the router could not be
reached or refuses it.
"""


@click.command(help=HELP)
@click.argument("site", metavar="SITE")
@click.option("--steering", is_flag=True, help="What the traffic classes of the site need.")
@click.option("--remove", is_flag=True, help="Take it all away again.")
@click.option("--apply", "apply_", is_flag=True, help="Do it, instead of printing a script.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.init/1); asks nothing.")
@click.pass_context
def init(
    ctx: click.Context, site: str, *, steering: bool, remove: bool, apply_: bool, yes: bool, as_json: bool
) -> None:
    """The verb `init`."""
    from wanctl.daemon.steering.layout import steering_plan
    from wanctl.routeros import RouterError

    if steering == remove:
        ctx.fail("say what to do: --steering or --remove")
    try:
        file = load_site(find_site(site))
        if file.site.router is None:
            from wanctl.cli.hostinit import prepare_host

            ctx.exit(prepare_host(file, remove=remove, change=apply_ or remove))
        plan = steering_plan(file)
        if not apply_ and not remove and not as_json:
            click.echo("\n".join(script(plan)))
            ctx.exit(0)
        ctx.exit(_work(file, plan, remove=remove, change=apply_ or remove, yes=yes, as_json=as_json))
    except FileError as error:
        for line in file_lines(error.findings, "full", report_width()):
            click.echo(line, err=True)
    except RouterError as error:
        click.echo(f"{site}: {error}", err=True)
    ctx.exit(2)


def script(plan: "SteeringPlan") -> Iterator[str]:
    """The plan for the router's command line; what is there already is left alone."""
    from wanctl.routeros.commandline import assignments
    from wanctl.routeros.quote import ros_quote

    yield f"# Steering of the site {plan.site}, for RouterOS 7. wanctl init --remove {plan.site} takes it away again."
    yield "# IPv6 is not steered."
    for one in plan.objects():
        menu = f"/{one.menu}"
        missing = f":if ([:len [{menu}/find comment={ros_quote(one.comment)}]] = 0)"
        yield f"{missing} do={{ {menu}/add {assignments(one.fields)} }}"
    yield "# What is marked must not be fast-tracked: FastTrack knows the main table alone."
    fast = '[/ip/firewall/filter/find action="fasttrack-connection" and disabled=no and connection-mark!="no-mark"]'
    for one in plan.slow_lane():
        menu = f"/{one.menu}"
        missing = f":if ([:len [{menu}/find comment={ros_quote(one.comment)}]] = 0)"
        yield f":foreach i in={fast} do={{ {missing} do={{ {menu}/add {assignments(one.fields)} place-before=$i }} }}"


def _work(file: SiteFile, plan: "SteeringPlan", *, remove: bool, change: bool, yes: bool, as_json: bool) -> int:
    """Find out what is to be done and do it, over the first transport that works; the exit code."""
    from wanctl.daemon.shaping.connect import transports
    from wanctl.daemon.steering.layout import installer
    from wanctl.routeros import Denied, Unreachable
    from wanctl.routeros.prepare import has_ipv6, removals, steps

    find = removals if remove else steps
    ways = transports(file)
    for way in ways:
        router = installer(file, SystemClock(), way)
        try:
            todo = find(plan, router)
            ipv6 = not remove and has_ipv6(router)
            change = change and bool(todo) and (yes or _agreed(file.name, todo, as_json=as_json))
            left = _carry_out(plan, router, todo, find) if change else todo
        except (Unreachable, Denied):
            if way == ways[-1]:
                raise
            continue
        finally:
            router.close()
        _tell(file.name, todo, left, ipv6=ipv6, as_json=as_json)
        return 1 if left else 0
    raise AssertionError


def _carry_out(
    plan: "SteeringPlan", router: "Installer", todo: "Steps", find: "Callable[[SteeringPlan, Installer], Steps]"
) -> "Steps":
    """Do it, and look again: what is left then is what the router does not do."""
    from wanctl.routeros.prepare import carry_out

    for _ in range(MOST_ROUNDS):
        carry_out(todo, router)
        todo = find(plan, router)
        if not todo:
            break
    return todo


def _agreed(site: str, todo: "Steps", *, as_json: bool) -> bool:
    if as_json or not sys.stdin.isatty():
        click.echo(f"{site}: nothing was changed; to do it without a question, add --yes", err=True)
        return False
    for line in _lines(todo):
        click.echo(line, err=True)
    return click.confirm(f"Change this on the router of {site}?", err=True)


def _tell(site: str, todo: "Steps", left: "Steps", *, ipv6: bool, as_json: bool) -> None:
    if as_json:
        told = {
            "schema": "wanctl.init/1",
            "site": site,
            "steps": [_as_dict(step) for step in todo],
            "left": [_as_dict(step) for step in left],
            "ipv6": ipv6,
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in _lines(todo):
        click.echo(line)
    verdict = "the router is as it should be" if not left else f"{len(left)} of {len(todo)} changes were not made"
    click.echo(f"{click.style(site, bold=True)}  {click.style(verdict, fg='red' if left else 'green')}")
    if ipv6:
        click.echo(NO_IPV6, err=True)


def _lines(todo: "Steps") -> Iterator[str]:
    for step in todo:
        yield f"  {step.what:<6} /{step.menu} {step.comment}: {step.why}"


def _as_dict(step: "Step") -> dict[str, object]:
    return {"what": step.what, "menu": step.menu, "comment": step.comment, "why": step.why}
