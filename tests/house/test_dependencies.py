"""Each library was chosen, is locked, and has one door into the code."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.repository import Source, allowed, read, sources, tracked

PROJECT = tomllib.loads(read("pyproject.toml"))
LOCK = read("requirements.lock")
LOCKED = {name: Version(version) for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}

# The rooms through which a library comes in, by its import name. One module where one is enough.
DOORS = {
    "transitions": ("wanctl/engine/chart.py",),
    "yaml": ("wanctl/engine/document.py",),
    "networkx": ("wanctl/verify/",),
    "z3": ("wanctl/verify/",),
    "pygraphviz": ("wanctl/diagram/", "wanctl/engine/draw.py"),
    "requests": ("wanctl/routeros/https.py",),
    "urllib3": ("wanctl/routeros/https.py", "wanctl/routeros/failure.py"),
    "paramiko": ("wanctl/routeros/channel.py",),
    "pyroute2": ("wanctl/linux/",),
    "pydantic": ("wanctl/config/",),
    "pydantic_core": ("wanctl/config/",),
    "click": ("wanctl/cli/",),
    "rich": ("wanctl/cli/",),
    "prometheus_client": ("wanctl/observe/",),
    "starlette": ("wanctl/observe/", "wanctl/testing/"),
    "uvicorn": ("wanctl/observe/", "wanctl/testing/"),
    "asyncssh": ("wanctl/testing/",),
    "trustme": ("wanctl/testing/",),
    "cryptography": ("wanctl/routeros/trust.py", "wanctl/testing/"),
    "matplotlib": ("wanctl/replay/", "lab/picture.py"),
    "numpy": ("lab/",),
    "pyarrow": ("lab/",),
    "duckdb": ("lab/",),
    "joblib": ("wanctl/sim/",),
    "ray": ("wanctl/sim/",),
}

# Libraries whose import name is not their name.
IMPORTED_AS = {"yaml": "PyYAML", "z3": "z3-solver"}

# Imported here and there, and installed because a library that was chosen needs it.
BROUGHT_ALONG = {"urllib3": "requests", "pydantic_core": "pydantic", "cryptography": "paramiko"}


def requirements() -> list[Requirement]:
    """What the product asks for, with every extra."""
    project = PROJECT["project"]
    lines = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    return [Requirement(line) for line in lines]


def locked_requirements() -> list[str]:
    lines = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    for extra in ("diagrams", "http", "linux", "emulator", "verify"):
        lines += PROJECT["project"]["optional-dependencies"][extra]
    for group in PROJECT["dependency-groups"].values():
        lines += group
    return sorted(set(lines))


def imports(source: Source) -> set[str]:
    """The top-level packages that a file imports, at any depth of it."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("library", DOORS)
def test_a_library_comes_in_through_its_door_only(library: str) -> None:
    elsewhere = [
        source.path
        for source in sources("wanctl/")
        if library in imports(source) and not allowed(source.path, DOORS[library])
    ]
    assert elsewhere == []


def test_nothing_is_imported_that_has_no_door() -> None:
    third_party = set(packages_distributions()) - {"wanctl"}
    used = {library for source in sources("wanctl/") for library in imports(source)} & third_party
    assert used - set(DOORS) == set()


@pytest.mark.parametrize("library", DOORS)
def test_a_library_with_a_door_is_declared(library: str) -> None:
    declared = {canonicalize_name(requirement.name) for requirement in requirements()}
    if library in BROUGHT_ALONG:
        carrier = BROUGHT_ALONG[library]
        brought = {canonicalize_name(Requirement(line).name) for line in requires(carrier) or ()}
        assert carrier in declared
        assert canonicalize_name(library) in brought
    else:
        assert declared & {canonicalize_name(name) for name in (library, IMPORTED_AS.get(library, library))}


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_a_dependency_is_named_in_a_decision(requirement: Requirement) -> None:
    decisions = "\n".join(read(path) for path in tracked() if path.startswith("docs/decisions/"))
    assert re.search(rf"\b{re.escape(requirement.name)}\b", decisions, re.IGNORECASE)


@pytest.mark.parametrize("line", locked_requirements())
def test_the_lock_satisfies_what_the_project_asks_for(line: str) -> None:
    requirement = Requirement(line)
    assert LOCKED[canonicalize_name(requirement.name)] in requirement.specifier


def test_every_locked_package_has_hashes_and_the_lock_names_no_place() -> None:
    blocks = [block for block in re.split(r"\n(?=\S)", LOCK) if not block.startswith("#")]
    assert len(blocks) == len(LOCKED)
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"^(?:-|.*(?:://|@ |file:|--index|--find-links)).*$", LOCK, re.MULTILINE) == []
