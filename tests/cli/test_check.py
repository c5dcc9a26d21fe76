"""`wanctl check` on real files, as a process."""

import json
from pathlib import Path

from tests.cli.command import run
from tests.config.sites import SITE, WHOLE, edited, with_files
from wanctl.config import load_site
from wanctl.data import data_folder

MACHINE = """\
schema: 1
machine: door
inputs: {pushed: {type: bool}}
initial: SHUT
states:
  SHUT: {on: {tick: [{when: pushed, to: OPEN, why: somebody wants in}]}}
  OPEN: {on: {tick: [{when: not pushed, to: SHUT, why: nobody is there}]}}
"""


def test_a_site_without_a_fault_is_fine(tmp_path: Path) -> None:
    with_files(tmp_path, SITE)
    done = run("check", "home.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "checked 1 site: fine\n")


def test_a_fault_is_shown_with_its_line_a_caret_and_what_to_do(tmp_path: Path) -> None:
    with_files(tmp_path, edited("queue: WAN-Down", "quue: WAN-Down"))
    done = run("check", "home.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "home.yaml:10:16: error[WC101]: unknown key 'quue'",
        "  10 |     download: {quue: WAN-Down, plan: 940Mbit}",
        "     |                ^",
        "     = help: did you mean 'queue'?",
    ]
    assert done.stderr == "checked 1 site: 1 error\n"


def test_warnings_count_only_when_asked_for(tmp_path: Path) -> None:
    with_files(tmp_path, edited("940Mbit", "940Mbit, ceiling: 1Gbit"))
    assert run("check", "home.yaml", cwd=tmp_path).returncode == 0
    strict = run("check", "--strict", "home.yaml", "--format", "concise", cwd=tmp_path)
    assert strict.returncode == 1
    assert strict.stdout == "home.yaml:10:57: warning[WC152]: the ceiling is above the plan (940 Mbit/s)\n"


def test_a_file_that_cannot_be_read_goes_before_faults(tmp_path: Path) -> None:
    with_files(tmp_path, edited("940Mbit", "940"))
    (tmp_path / "zeros.yaml").symlink_to("/dev/zero")
    done = run("check", "home.yaml", "none.yaml", "nowhere", "x" * 300, "zeros.yaml", cwd=tmp_path)
    assert done.returncode == 2
    told = [line for line in done.stdout.splitlines() if "error[" in line]
    assert told == [
        "home.yaml:10:39: error[WC110]: '940' is not a rate",
        "none.yaml: error[WC140]: cannot be read: no such file or directory",
        "nowhere: error[WC160]: there is no site 'nowhere'",
        f"{'x' * 57}...: error[WC140]: cannot be read: file name too long",
        "zeros.yaml:1:1: error[WC009]: the file is larger than 1000000 bytes",
    ]


def test_a_site_is_read_from_standard_input(tmp_path: Path) -> None:
    done = run("check", "-", "--format", "concise", cwd=tmp_path, stdin=edited("940Mbit", "940").encode())
    assert done.returncode == 1
    assert "<stdin>:10:39: error[WC110]: '940' is not a rate" in done.stdout
    assert "WC106" not in done.stdout


def test_json_names_its_schema_and_holds_every_finding(tmp_path: Path) -> None:
    with_files(tmp_path, edited("940Mbit", "940Mbps"))
    done = run("check", "home.yaml", "--json", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert (report["schema"], report["ok"], report["errors"], report["warnings"]) == ("wanctl.check/1", False, 1, 0)
    assert report["files"] == [{"file": "home.yaml", "kind": "site"}]
    assert report["findings"] == [
        {
            "code": "WC110",
            "severity": "error",
            "message": "'940Mbps' is not a rate",
            "file": "home.yaml",
            "line": 10,
            "column": 39,
            "hint": "did you mean '940Mbit'?",
        }
    ]
    assert (done.returncode, done.stderr) == (1, "")


def test_github_gets_its_own_form(tmp_path: Path) -> None:
    with_files(tmp_path, edited("940Mbit", "940"))
    done = run("check", "home.yaml", "--format", "github", cwd=tmp_path)
    assert done.stdout == (
        "::error file=home.yaml,line=10,col=39,title=WC110::'940' is not a rate "
        "(write a number with its unit, such as 38Mbit)\n"
    )


def test_the_effective_configuration_is_data_and_what_is_wrong_with_it_is_talk(tmp_path: Path) -> None:
    with_files(tmp_path, WHOLE)
    done = run("check", "home.yaml", "--effective", cwd=tmp_path)
    assert done.returncode == 0
    (tmp_path / "again.yaml").write_text(done.stdout)
    again = load_site(tmp_path / "again.yaml").plan()
    assert [wan.download for wan in again.wans] == [
        wan.download for wan in load_site(tmp_path / "home.yaml").plan().wans
    ]
    assert "ceiling: 51Mbit                           # 85 % of the plan" in done.stdout
    assert "warning[WC154]" in done.stderr


def test_the_effective_configuration_is_also_json(tmp_path: Path) -> None:
    with_files(tmp_path, SITE)
    (file,) = json.loads(run("check", "home.yaml", "--effective", "--json", cwd=tmp_path).stdout)["files"]
    assert file["name"] == "home"
    assert {"path": "router.port", "value": "443", "origin": "default"} in file["effective"]


def test_a_folder_of_sites_is_checked_and_a_stray_file_in_it_is_an_error(tmp_path: Path) -> None:
    with_files(tmp_path / "sites", SITE, "home.yaml")
    with_files(tmp_path / "sites", SITE, "old.yml")
    with_files(tmp_path / "sites", "targets: [a, b]\n", "steering_config.yaml")
    with_files(tmp_path / "sites", MACHINE, "door.yaml")
    done = run("check", "sites", "--format", "concise", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "sites/door.yaml:1:1: error[WC105]: this is a machine, not a site",
        "sites/old.yml:1:1: error[WC106]: a site's file ends in .yaml",
        "sites/steering_config.yaml:1:1: error[WC105]: this is not a site: it has none of a site's keys",
    ]


def test_an_empty_folder_is_nothing_to_check(tmp_path: Path) -> None:
    done = run("check", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert "WC143" in done.stdout


def test_a_sites_name_finds_its_file(tmp_path: Path) -> None:
    with_files(tmp_path / "sites", SITE, "office.yaml")
    assert run("check", "office", cwd=tmp_path).stderr == "checked 1 site: fine\n"


def test_machines_are_checked_and_their_tests_left_alone(tmp_path: Path) -> None:
    with_files(tmp_path / "machines", MACHINE, "door.yaml")
    with_files(tmp_path / "machines", "machine: door.yaml\ntests: []\n", "door.test.yaml")
    with_files(tmp_path / "machines", MACHINE.replace("to: OPEN", "to: OPNE"), "gate.yaml")
    done = run("check", "machines", cwd=tmp_path)
    assert done.returncode == 1
    assert "machines/gate.yaml:6:" in done.stdout
    assert "did you mean 'OPEN'?" in done.stdout
    assert done.stderr == "checked 2 machines: 1 error\n"


def test_the_shipped_machines_are_fine(tmp_path: Path) -> None:
    done = run("check", str(data_folder("machines")), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_hundred_sites_are_checked_in_one_run(tmp_path: Path) -> None:
    for number in range(100):
        text = SITE.replace("192.0.2.10", f"192.0.2.{number + 10}").replace("940Mbit", f"{100 + number}Mbit")
        with_files(tmp_path / "sites", text, f"branch-{number:03}.yaml")
    done = run("check", "sites", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "checked 100 sites: fine\n")


def test_a_shipped_example_is_no_site_until_it_is_filled_in(tmp_path: Path) -> None:
    examples = data_folder("configs") / "sites"
    done = run("check", str(examples), "--json", cwd=tmp_path)
    errors = [item for item in json.loads(done.stdout)["findings"] if item["severity"] == "error"]
    assert done.returncode == 1
    assert {item["code"] for item in errors} == {"WC104"}
    assert {item["file"] for item in errors} == {str(path) for path in examples.glob("*.yaml")}


def test_a_file_cannot_command_the_terminal(tmp_path: Path) -> None:
    with_files(tmp_path, SITE + '"\\e[2J\\nq": x\n"wans\\e": {}\n')
    done = run("check", "home.yaml", cwd=tmp_path)
    assert "unknown key" in done.stdout
    assert all(line.isprintable() for line in done.stdout.splitlines())


def test_a_secret_that_was_written_into_a_site_is_in_no_output(tmp_path: Path) -> None:
    with_files(tmp_path, edited("password_file: router.password", "password: canary-3f9c1e"))
    for form in ("full", "json"):
        done = run("check", "home.yaml", "--format", form, cwd=tmp_path)
        assert "WC107" in done.stdout
        assert "canary" not in done.stdout + done.stderr
