"""Who answers there? The line that pins the router is given for comparison, and nothing is sent to a stranger."""

from tests.doctor.conftest import Office
from wanctl.config import load_site
from wanctl.doctor import unusable
from wanctl.engine import FileError
from wanctl.testing.routeros import RouterosEmulator

COMPARE = "compare it with what the router's own console shows before you paste it"


def pasted(office: Office, group: str) -> list[str]:
    findings = [finding for finding in office.examine().findings if finding.group == group]
    lines = [step.line for finding in findings for step in finding.do if step.where == "site"]
    assert all(COMPARE in finding.what for finding in findings if finding.check == "trust.line")
    return lines


def test_a_missing_host_key_is_given_to_paste(office: Office, router: RouterosEmulator) -> None:
    office.keys["host_key"] = None
    (line,) = pasted(office, "router over SSH")
    assert line.startswith(f"host_key: {router.host_key_sha256} ")
    office.keys["host_key"] = router.host_key_sha256
    assert pasted(office, "router over SSH") == []


def test_another_host_key_is_a_failure_and_shown(office: Office, router: RouterosEmulator) -> None:
    router.ssh.swap_host_key()
    failed = [finding for finding in office.found() if finding.group == "router over SSH"]
    assert [finding.check for finding in failed] == ["trust"]
    assert pasted(office, "router over SSH")[0].startswith(f"host_key: {router.host_key_sha256} ")


def test_another_certificate_is_a_failure_and_shown(office: Office, router: RouterosEmulator) -> None:
    router.swap_certificate()
    report = office.examine()
    assert report.reached  # over SSH
    assert [finding.check for finding in report.findings if finding.mark == "fail"] == ["trust"]
    assert pasted(office, "router over REST")[0].startswith(f"pin: {router.pin} ")
    assert router.requests == 0


def test_an_authority_that_did_not_sign_is_a_failure(office: Office, router: RouterosEmulator) -> None:
    (office.folder / "ca.pem").write_bytes(router.ca_file.read_bytes())
    office.keys |= {"pin": None, "ca_file": "ca.pem"}
    assert office.found() == []
    router.swap_certificate()
    assert [finding.check for finding in office.found()] == ["trust"]


def test_a_file_without_pin_and_authority_gets_the_pin_to_paste(office: Office, router: RouterosEmulator) -> None:
    office.keys["pin"] = None
    path = office.write()
    try:
        load_site(path)
    except FileError as error:
        report = unusable(path, error)
    assert not report.reached
    lines = [step.line for finding in report.findings for step in finding.do if step.where == "site"]
    assert lines == [f"pin: {router.pin}   # below router:, in place of ca_file"]


def test_a_password_that_is_wrong_is_told_apart_from_a_stranger(office: Office, router: RouterosEmulator) -> None:
    (office.folder / "password").write_text("something else")
    report = office.examine()
    assert not report.reached
    assert [finding.check for finding in report.findings] == ["login", "login"]


def test_without_a_network_it_is_clear(office: Office, router: RouterosEmulator) -> None:
    router.faults.down = {"rest", "ssh"}
    report = office.examine()
    assert not report.reached
    assert [(finding.check, finding.mark) for finding in report.findings] == [("reach", "fail"), ("reach", "fail")]
    assert all("127.0.0.1" in finding.what for finding in report.findings)
