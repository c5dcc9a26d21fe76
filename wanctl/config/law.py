"""The machines of the laws, whether a site's parameters suit them, and the site they make."""

from functools import cache

from wanctl.classic import ClassicWan
from wanctl.config.lookup import text_of
from wanctl.config.reading import key_place, node_at, place_of
from wanctl.config.site import SiteFile
from wanctl.control.action import ACTIONS
from wanctl.engine.diagnostic import Diagnostic, Findings, did_you_mean
from wanctl.engine.expression import Symbol
from wanctl.engine.load import load
from wanctl.engine.model import Model
from wanctl.engine.program import Program, bind, compile_model
from wanctl.engine.unit import CANONICAL, UnitError, parse_quantity
from wanctl.machines import read_text, shipped_machines, templates_for
from wanctl.plan import SitePlan, WanPlan
from wanctl.site import Site
from wanctl.steering.action import ACTIONS as OF_A_CLASS
from wanctl.steering.steering import Steering
from wanctl.wan import DefaultWan

STEERING_MACHINES = ("health", "steering")
MACHINE_OF_LAW = {"default": "wan", "classic": "classic"}


@cache
def law_model(law: str) -> Model:
    """The machine of a law, as shipped, once it has shown that it compiles; `FileError` when it is damaged."""
    path = shipped_machines()[MACHINE_OF_LAW[law]]
    model = load(read_text(path), str(path), actions=ACTIONS, read_template=templates_for(path))
    compile_model(model)
    return model


def build_site(plan: SitePlan, now_ns: int) -> Site:
    """A site that runs as planned, its machines started at `now_ns`; `FileError` when a parameter does not fit."""
    wans = {wan.name: _controller(wan, now_ns) for wan in plan.wans}
    if not plan.classes:
        return Site(wans)
    health, policy = (steering_program(machine) for machine in STEERING_MACHINES)
    return Site(wans, Steering(plan, health, policy, now_ns))


@cache
def steering_program(machine: str) -> Program:
    """A shipped machine of steering, compiled: `health` or `steering`."""
    path = shipped_machines()[machine]
    return compile_model(load(read_text(path), str(path), actions=OF_A_CLASS))


def _controller(wan: WanPlan, now_ns: int) -> DefaultWan | ClassicWan:
    program = compile_model(law_model(wan.law), wan.params)
    return (ClassicWan if wan.law == "classic" else DefaultWan)(wan, program, now_ns)


def check_laws(site: SiteFile, findings: Findings) -> None:
    """Bind the parameters of each WAN to the machine of its law; faults are told at their place in the site's file.

    Binding is the part of compiling that depends on values, and quick: a provider checks hundreds of sites at once.
    """
    for wan in site.plan().wans:
        model = law_model(wan.law)
        before = len(findings.errors)
        for path in (("params",), ("wans", wan.name, "params")):
            _check_params(site, path, model, findings)
        if len(findings.errors) > before:
            continue
        refused = Findings()
        bind(model, wan.params, refused)
        for item in refused:
            _tell(item, site, wan.name, findings)


def _check_params(site: SiteFile, path: tuple[str, ...], model: Model, findings: Findings) -> None:
    written = site.site.params if len(path) == 1 else site.site.wans[path[1]].params
    for name, value in written.items():
        symbol = model.params.get(name)
        if symbol is None:
            hint = did_you_mean(name, model.params)
            message = f"the machine '{model.name}' has no parameter '{name}'"
            findings.error("WC132", message, key_place(site.root, (*path, name)), hint)
            continue
        refusal = _unit_fault(site, (*path, name), symbol) or symbol.refuses(value)
        if refusal:
            findings.error("WC133", refusal, place_of(site.root, (*path, name)), symbol.doc)


def _unit_fault(site: SiteFile, path: tuple[str, ...], symbol: Symbol) -> str:
    """Why a value's unit does not suit a parameter; a plain number and a share suit each other."""
    text = text_of(node_at(site.root, path))
    try:
        dimension = parse_quantity(text).dimension
    except UnitError as error:
        return str(error)
    if dimension == symbol.dimension or {dimension, symbol.dimension} <= {"", "ratio"}:
        return ""
    return f"'{text}' is not in {CANONICAL[symbol.dimension] or 'a plain number'}"


def _tell(item: Diagnostic, site: SiteFile, wan: str, findings: Findings) -> None:
    """What the engine says of its own file, at the place in the site's file that caused it."""
    own = ("wans", wan, "params") if site.site.wans[wan].params else ("params",)
    place = key_place(site.root, own if node_at(site.root, own) is not None else ("wans", wan))
    findings.error("WC133", f"parameters of '{wan}': {item.message}", place, f"the rule is in {item.place}")
