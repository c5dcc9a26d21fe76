"""The JSON Schemas: they take every file that the loader takes, and know the same keys."""

import json
from importlib import import_module

import jsonschema
import pytest
import yaml

from tests.engine.test_code import WITHOUT
from tests.suite.test_faults_of_files import file_with
from wanctl.actions import ACTIONS
from wanctl.data import data_folder
from wanctl.engine.code import CODES
from wanctl.engine.example import TEMPLATE, example
from wanctl.suite import code as suite_code
from wanctl.suite import read, wanted
from wanctl.suite.schema import machine_schema, suite_schema
from wanctl.testing.conformance import MARK

CONFORMANCE = data_folder("machines").parent / "tests" / "engine" / "conformance"
MACHINES = sorted(data_folder("machines").glob("*.yaml"))
MACHINE = machine_schema(ACTIONS)
# What a form cannot tell: values of names, units, states, and what lies outside of the file.
SHAPES = {"WC201", "WC202", "WC204", "WC205", "WC212", "WC213", "WC221", "WC230", "WC231", "WC232", "WC233", "WC240"}
SHAPES |= {"WC203", "WC214", "WC241", "WC244", "WC246", "WC250", "WC251", "WC255", "WC260", "WC270"}


def texts(text: str) -> object:
    """A YAML text with every scalar as the text it is, as the loader reads it."""
    return yaml.load(text, yaml.BaseLoader)


def typed(text: str) -> object:
    """A YAML text as editors read it (near enough: they go by YAML 1.2, in which `on` is a text)."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        letter: [(tag, found) for tag, found in pairs if tag.rpartition(":")[2] in ("int", "float", "null")]
        for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(text, Loader)


def faults(schema: object, document: object) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("schema", [MACHINE, suite_schema(ACTIONS)])
def test_a_schema_is_one(schema: object) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_a_shipped_file_fits_its_schema_and_names_it(path: object) -> None:
    assert hasattr(path, "read_text")
    text = path.read_text()
    kind = "test" if path.name.endswith(".test.yaml") else "machine"
    schema = suite_schema(ACTIONS) if kind == "test" else MACHINE
    assert faults(schema, texts(text)) == []
    assert faults(schema, typed(text)) == []
    assert text.splitlines()[0] == f"# yaml-language-server: $schema=schema/{kind}.schema.json"
    assert (path.parent / "schema" / f"{kind}.schema.json").is_file()


@pytest.mark.parametrize("file", sorted(CONFORMANCE.glob("*.jsonl")), ids=lambda path: path.name)
def test_every_machine_of_the_conformance_cases_fits(file: object) -> None:
    schema = machine_schema(MARK)
    assert hasattr(file, "read_text")
    for line in file.read_text().splitlines():
        case = json.loads(line)
        assert faults(schema, texts(case["machine"])) == [], case["id"]


def test_the_schema_knows_the_keys_that_the_loader_knows() -> None:
    state = MACHINE["$defs"]["state"]
    assert set(MACHINE["properties"]) == import_module("wanctl.engine.load")._MACHINE_KEYS
    assert set(state["properties"]) == import_module("wanctl.engine.load")._STATE_KEYS
    assert set(MACHINE["$defs"]["row"]["properties"]) == import_module("wanctl.engine.actions")._ROW_KEYS
    assert set(MACHINE["$defs"]["value"]["properties"]) == import_module("wanctl.engine.declare")._KEYS
    suite = suite_schema(ACTIONS)
    assert set(suite["properties"]) == set(read.FILE_KEYS)
    assert set(suite["$defs"]["test"]["properties"]) == set(read.CASE_KEYS)
    assert set(suite["$defs"]["event"]["properties"]) == set(read.EVENT_KEYS)
    assert set(suite["$defs"]["expectation"]["properties"]) == set(wanted.WORDS)


@pytest.mark.parametrize("code", [code for code in CODES if code >= "WC2" and code not in WITHOUT])
def test_a_good_example_fits_and_one_of_a_bad_form_does_not(code: str) -> None:
    assert faults(MACHINE, texts(example(code, CODES[code].good))) == []
    assert (faults(MACHINE, texts(example(code, CODES[code].bad))) != []) == (code in SHAPES)
    assert faults(MACHINE, texts(TEMPLATE)) == []


@pytest.mark.parametrize("code", [code for code, entry in suite_code.CODES.items() if entry.good])
def test_a_good_example_of_a_test_fits(code: str) -> None:
    assert faults(suite_schema(ACTIONS), texts(file_with(suite_code.CODES[code].good))) == []
