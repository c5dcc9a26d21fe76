"""Site files: one short file per site, whose name is the site.

`load_site` reads and checks a file alone: no network, no other file, except that a named file which is missing is a
warning. What only a running site needs (`SiteFile.require_runnable`, `SiteFile.password`) is asked for by `run`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from wanctl.config.classic import classic_plan
from wanctl.config.model import DEFAULT_LAW, Site, Wan
from wanctl.config.operator import check_operators
from wanctl.config.profile import Profile, load_profile
from wanctl.config.reading import key_place, place_of, read_model
from wanctl.config.reflector import DEFAULT_REFLECTORS, Reflector
from wanctl.config.rule import check_rules
from wanctl.config.secret import PLACEHOLDER, Secret, conceal, credential, read_secret, secret_places
from wanctl.config.served import note_unserved
from wanctl.config.value import printable
from wanctl.engine.diagnostic import FileError, Findings, Place
from wanctl.engine.document import List, Map, Node, Text, parse
from wanctl.machines import is_file, read_text
from wanctl.plan import SitePlan, WanPlan

# The site's name becomes the instance of a unit, a folder and, with "wanctl-" before it, a user of the system.
SITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
MAX_UNIT_NAME = 24  # a user's name has at most 31 letters
NAMED_FILES = ("password_file", "ca_file")


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A checked site file. `warnings` holds what is allowed but deserves a look."""

    name: str
    path: Path
    site: Site
    root: Map
    warnings: Findings

    @property
    def folder(self) -> Path:
        """The folder that relative paths of the file count from."""
        return self.path.parent

    def profile(self, wan: Wan) -> Profile:
        """The profile of one of its WANs."""
        return load_profile(wan.profile)

    def law(self, wan: Wan) -> str:
        """The law of one of its WANs: its own, else the site's, else "default"."""
        return wan.law or self.site.law or DEFAULT_LAW

    def reflectors(self, wan: Wan) -> tuple[Reflector, ...]:
        """The reflectors of one of its WANs: its own, else the site's, else six well-known ones."""
        return wan.reflectors or self.site.reflectors or DEFAULT_REFLECTORS

    def named_file(self, key: str) -> Path | None:
        """Where the file is that `router.KEY` names; None when the site does not name one."""
        router = self.site.router
        name = None if router is None else {"password_file": router.password_file, "ca_file": router.ca_file}[key]
        return None if name is None else credential(name, self.folder)

    def password(self) -> Secret:
        """The password of the router's user; `FileError` when its file is missing, open to others or empty."""
        path = self.named_file("password_file")
        assert path is not None, "a site without a router has no password"
        return read_secret(path, self.place("router", "password_file"))

    def place(self, *path: str | int) -> Place:
        """Where a value stands in the file; the map around it when it is not written."""
        return place_of(self.root, path)

    def plan(self) -> SitePlan:
        """What the site is asked to do, every default filled in."""
        wans = tuple(self._wan_plan(name, wan) for name, wan in self.site.wans.items())
        return SitePlan(self.name, wans, tuple(one.plan(name) for name, one in self.site.classes.items()))

    def require_runnable(self) -> None:
        """`FileError` with what `check` only warns of and a running site must not have."""
        findings = Findings(sources=dict(self.warnings.sources))
        note_unserved(self.root, findings, refuse=True)
        router = self.site.router
        if router is not None:
            if "ssh" in router.transport and router.host_key is None:
                hint = "add host_key: SHA256:BASE64"
                findings.error("WC151", "'router' lacks 'host_key' for ssh", key_place(self.root, ("router",)), hint)
            for key, path in ((key, self.named_file(key)) for key in NAMED_FILES):
                if path is not None and not is_file(path):
                    findings.error("WC140", f"there is no file '{path}'", self.place("router", key))
        findings.raise_errors()

    def _wan_plan(self, name: str, wan: Wan) -> WanPlan:
        own = {**self.site.params, **wan.params}
        if self.law(wan) == "classic":
            return classic_plan(name, wan, self.profile(wan), own)
        params = dict(self.profile(wan).params) | own
        return WanPlan(name, self.law(wan), wan.download.limits(), wan.upload.limits(), params)


def load_site(path: Path | str, text: str | None = None, *, name: str = "") -> SiteFile:
    """Read and check a site file; `FileError` holds everything that is wrong with it.

    `text` is the file's text where it was read already, `name` the site's name where no file gives it (standard input);
    `path` then only says what to call the file.
    """
    path = Path(path)
    file = str(path)
    findings = Findings()
    name = name or _site_name(path, findings)
    root = parse(read_text(path) if text is None else text, file, findings)
    site = _read(root, file, findings) if root is not None else None
    conceal(findings, file, root)
    findings.raise_errors()
    if site is None or not isinstance(root, Map):
        raise FileError(findings)
    checked = SiteFile(name, path, site, root, findings)
    _note_missing_files(checked, findings)
    return checked


def _site_name(path: Path, findings: Findings) -> str:
    place = Place(str(path))
    if path.suffix == ".yml":
        findings.error("WC106", "a site's file ends in .yaml", place, f"rename it to {path.stem}.yaml")
    if not SITE_NAME.fullmatch(path.stem):
        hint = "its file's name is the site's name: letters, digits, _ and -, at most 64"
        findings.error("WC106", f"'{printable(path.stem)}' is no name of a site", place, hint)
    elif len(path.stem) > MAX_UNIT_NAME:
        hint = f"at most {MAX_UNIT_NAME} letters, for a user of the system is named after it"
        findings.warning("WC156", f"the site's name '{path.stem}' is too long for a unit", place, hint)
    return path.stem


def _read(root: Node, file: str, findings: Findings) -> Site | None:
    if not isinstance(root, Map) or not set(root) & set(Site.model_fields):
        known = isinstance(root, Map) and "machine" in root
        message = "this is a machine, not a site" if known else "this is not a site: it has none of a site's keys"
        hint = "machines have a folder of their own" if known else "a site has router (or linux) and wans"
        findings.error("WC105", message, Place(file), hint)
        return None
    placeholders = dict(_placeholders(root))
    secrets = secret_places(root)
    typed = Findings()
    site = read_model(Site, root, typed)
    check_rules(root, typed)
    check_operators(root, typed)
    note_unserved(root, typed, refuse=False)
    # One fault is told once: a placeholder or a secret need not be a wrong address or an unknown key as well.
    findings.items += [item for item in typed.items if item.place not in placeholders and item.place not in secrets]
    for place, text in placeholders.items():
        findings.error("WC104", f"the placeholder {printable(text)} is still there", place, "put your own value here")
    for place, key in secrets.items():
        hint = "put it into a file of mode 0600 and name that: password_file: router.password"
        findings.error("WC107", f"'{key}': a secret does not belong in this file", place, hint)
    return site


def _placeholders(node: Node) -> list[tuple[Place, str]]:
    """Values and keys with a part in angle brackets."""
    if isinstance(node, Text):
        found = PLACEHOLDER.search(node.value)
        return [(node.place, found[0])] if found else []
    if isinstance(node, List):
        return [item for inner in node for item in _placeholders(inner)]
    keys = [(node.keys[key], found[0]) for key in node if (found := PLACEHOLDER.search(key))]
    return keys + [item for key in node for item in _placeholders(node[key])]


def _note_missing_files(site: SiteFile, findings: Findings) -> None:
    for key in NAMED_FILES:
        path = site.named_file(key)
        if path is not None and not is_file(path):
            findings.warning("WC150", f"there is no file '{printable(str(path), 200)}'", site.place("router", key))
