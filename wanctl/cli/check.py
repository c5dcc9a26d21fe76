"""`wanctl check`: everything that is wrong in sites and machines, without a network."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import click

from wanctl.cli.registry import actions_option
from wanctl.cli.report import FORMATS, Format, count, lines, report_width
from wanctl.config.effective import Setting, effective, render
from wanctl.config.find import find_site
from wanctl.config.law import check_laws, law_model
from wanctl.config.model import Site
from wanctl.config.site import SiteFile, load_site
from wanctl.config.value import printable
from wanctl.engine.action import ActionRegistry
from wanctl.engine.diagnostic import FileError, Findings, Place
from wanctl.engine.document import Map, parse
from wanctl.engine.load import check as check_machine
from wanctl.engine.program import compile_model
from wanctl.machines import TEST_SUFFIX, decode, read_text, templates_for

SCHEMA = "wanctl.check/1"
STDIN = "<stdin>"
SITES = "sites"
UNREADABLE = frozenset({"WC140", "WC143", "WC160"})  # there was nothing to check: exit 2

HELP = """Say everything that is wrong in sites and machines.

PATH is a file, a folder of them, the name of a site in ./sites/ or /etc/wanctl/sites/, or - for standard input.
Nothing is asked of the network; of other files only whether they are there.

\b
  wanctl check sites/                 all sites of a folder
  wanctl check home --effective       what is used, and where each value is from
  wanctl check - --format concise     one finding a line

Exit code: 0 fine, 1 something is wrong in a file, 2 a file cannot be read.
"""


@dataclass(slots=True)
class _Checked:
    """What came of all files."""

    actions: ActionRegistry
    findings: Findings = field(default_factory=Findings)
    kinds: dict[str, str] = field(default_factory=dict)  # file -> "site" or "machine"
    sites: list[SiteFile] = field(default_factory=list)

    def exit_code(self, *, strict: bool) -> int:
        if any(item.code in UNREADABLE for item in self.findings.errors):
            return 2
        return 1 if self.findings.errors or (strict and len(self.findings)) else 0


@click.command(help=HELP)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--effective", "show_effective", is_flag=True, help="Print each site with all defaults filled in.")
@click.option("--strict", is_flag=True, help="Let warnings count.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="full",
    metavar="FORMAT",
    help="How findings are printed: full, concise, json or github.",
)
@actions_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    show_effective: bool,
    strict: bool,
    form: Format,
    actions: ActionRegistry,
    as_json: bool,
) -> None:
    """The verb `check`."""
    checked = _Checked(actions)
    for path in paths:
        _check_path(path, checked)
    settings = {str(site.path): _effective(site) for site in checked.sites} if show_effective else {}
    if as_json or form == "json":
        click.echo(_as_json(checked, settings, strict=strict))
    else:
        # With --effective the configuration is the data, and what is wrong is talk.
        for text in lines(checked.findings, form, report_width()):
            click.echo(text, err=show_effective)
        for file, merged in settings.items():
            click.echo(f"# {file}\n{render(merged)}")
        click.echo(_summary(checked), err=True)
    ctx.exit(checked.exit_code(strict=strict))


def _check_path(path: str, checked: _Checked) -> None:
    try:
        if path == "-":
            _check_file(Path(STDIN), checked, sys.stdin.buffer.read())
        elif Path(path).is_dir():
            _check_folder(Path(path), checked)
        else:
            _check_file(Path(path) if Path(path).exists() else find_site(path), checked)
    except FileError as error:
        _add(error.findings, checked)
    except OSError as error:  # a folder that cannot be listed, a name that is too long
        findings = Findings()
        findings.error("WC140", f"cannot be read: {(error.strerror or str(error)).lower()}", Place(printable(path)))
        _add(findings, checked)


def _add(findings: Findings, checked: _Checked) -> None:
    checked.findings.items += [item for item in findings.items if item not in checked.findings.items]
    checked.findings.sources |= findings.sources


def _check_folder(folder: Path, checked: _Checked) -> None:
    """All YAML files of a folder: sites, each of which must be one, or machines."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file())
    if not files:
        findings = Findings()
        inner = sorted(path.parent for path in folder.glob("*/*.yaml"))
        hint = f"did you mean '{inner[0]}'?" if inner else "name a folder of sites"
        findings.error("WC143", "there is no YAML file in this folder", Place(str(folder)), hint)
        raise FileError(findings)
    kinds = {path: _kind(path) for path in files}
    holds_sites = folder.resolve().name == SITES or "site" in kinds.values()
    for path, kind in kinds.items():
        if holds_sites:
            _check_site(path, checked)
        elif kind != "test":
            _check_file(path, checked)


def _kind(path: Path) -> str:
    """What a file is, as far as that can be told: "site", "machine", "test" (of a machine) or "unknown"."""
    try:
        root = parse(read_text(path), str(path), Findings())
    except FileError:
        return "unknown"  # why is told when the file is checked
    return _kind_of(root, path)


def _kind_of(root: object, path: Path) -> str:
    keys = set(root) if isinstance(root, Map) else set()
    if "machine" in keys:
        return "test" if "tests" in keys or path.name.endswith(TEST_SUFFIX) else "machine"
    return "site" if keys & set(Site.model_fields) else "unknown"


def _check_file(path: Path, checked: _Checked, data: bytes | None = None) -> None:
    try:
        text = read_text(path) if data is None else decode(data, str(path))
        kind = _kind_of(parse(text, str(path), Findings()), path)
        if kind == "machine":
            _check_machine(path, text, checked)
        elif kind == "test":
            findings = Findings(sources={str(path): text})
            hint = f"run it: wanctl test {path}"
            findings.error("WC105", "this is a test of a machine, not a site", Place(str(path)), hint)
            _add(findings, checked)
        else:
            _check_site(path, checked, text)
    except FileError as error:
        _add(error.findings, checked)


def _check_site(path: Path, checked: _Checked, text: str | None = None) -> None:
    checked.kinds[str(path)] = "site"
    try:
        site = load_site(path, text, name="stdin" if str(path) == STDIN else "")
        findings = Findings(list(site.warnings.items), dict(site.warnings.sources))
        check_laws(site, findings)
        findings.raise_errors()
        checked.sites.append(site)
        _add(findings, checked)
    except FileError as error:
        _add(error.findings, checked)


def _check_machine(path: Path, text: str, checked: _Checked) -> None:
    checked.kinds[str(path)] = "machine"
    findings = Findings()
    model = check_machine(text, str(path), findings, actions=checked.actions, read_template=templates_for(path))
    _add(findings, checked)
    # A template may leave values to the machine that uses it; one that has them all must compile with them.
    if model is not None and all(symbol.has_default for symbol in model.params.values()):
        compile_model(model)


def _effective(site: SiteFile) -> tuple[Setting, ...]:
    return effective(site, {plan.law: law_model(plan.law).params for plan in site.plan().wans})


def _summary(checked: _Checked) -> str:
    parts = []
    for kind in ("site", "machine"):
        number = sum(1 for found in checked.kinds.values() if found == kind)
        if number:
            parts.append(f"{number} {kind}{'s' if number > 1 else ''}")
    colour = "red" if checked.findings.errors else "yellow" if len(checked.findings) else "green"
    outcome = click.style(count(checked.findings) or "fine", fg=colour, bold=True)
    return f"checked {' and '.join(parts) or 'nothing'}: {outcome}"


def _as_json(checked: _Checked, settings: dict[str, tuple[Setting, ...]], *, strict: bool) -> str:
    names = {str(site.path): site.name for site in checked.sites}
    files: list[dict[str, object]] = []
    for file, kind in checked.kinds.items():
        entry: dict[str, object] = {"file": file, "kind": kind}
        if file in names:
            entry["name"] = names[file]
        if file in settings:
            entry["effective"] = [
                {"path": ".".join(str(part) for part in item.path), "value": item.value, "origin": item.origin}
                for item in settings[file]
            ]
        files.append(entry)
    found = checked.findings
    return json.dumps(
        {
            "schema": SCHEMA,
            "ok": checked.exit_code(strict=strict) == 0,
            "errors": len(found.errors),
            "warnings": len(found) - len(found.errors),
            "files": files,
            "findings": [item.as_dict() for item in found],
        },
        indent=2,
    )
