"""Secrets are read from files that nobody else can read, and are shown nowhere."""

import os
from pathlib import Path

import pytest

from tests.config.sites import SITE, edited, with_files
from wanctl.config import load_site, read_secret
from wanctl.engine import FileError

CANARY = "canary-3f9c1e"


def secret_file(folder: Path, data: bytes = f"{CANARY}\n".encode(), mode: int = 0o600) -> Path:
    path = folder / "router.password"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_a_secret_is_the_line_without_its_end(tmp_path: Path) -> None:
    assert read_secret(secret_file(tmp_path)) == CANARY


def test_blanks_in_a_password_are_kept(tmp_path: Path) -> None:
    assert read_secret(secret_file(tmp_path, b" a b \r\n")) == " a b "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o660])
def test_a_file_that_others_can_read_or_write_is_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(FileError) as raised:
        read_secret(secret_file(tmp_path, mode=mode))
    assert [item.code for item in raised.value.findings] == ["WC141"]
    assert f"{mode:04o}" in str(raised.value)
    assert CANARY not in str(raised.value)


def test_a_credential_may_show_the_mask_of_its_acl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret(secret_file(tmp_path, mode=0o440)) == CANARY
    with pytest.raises(FileError):
        read_secret(secret_file(tmp_path, mode=0o444))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = secret_file(tmp_path)
    os.chown(path, 12_345, -1)
    with pytest.raises(FileError) as raised:
        read_secret(path)
    assert [item.code for item in raised.value.findings] == ["WC141"]


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"  \n", b"canary-3f9c1e\nmore\n", b"canary-3f9c1e\0", b"\xff\xfe", b"x" * 5000]
)
def test_a_file_without_one_line_of_text_is_refused_and_not_shown(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileError) as raised:
        read_secret(secret_file(tmp_path, data))
    assert [item.code for item in raised.value.findings] == ["WC142"]
    assert CANARY not in str(raised.value)


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path, code in ((tmp_path / "pipe", "WC141"), (tmp_path, "WC141"), (tmp_path / "none", "WC140")):
        with pytest.raises(FileError) as raised:
            read_secret(path)
        assert [item.code for item in raised.value.findings] == [code]


def test_the_fault_of_a_password_file_stands_where_the_site_names_it(tmp_path: Path) -> None:
    site = load_site(with_files(tmp_path, SITE))
    secret_file(tmp_path, mode=0o644)
    with pytest.raises(FileError) as raised:
        site.password()
    (item,) = raised.value.findings
    assert str(item.place) == f"{tmp_path}/home.yaml:4:18"


def test_a_secret_does_not_show_itself(tmp_path: Path) -> None:
    secret = read_secret(secret_file(tmp_path))
    assert CANARY not in repr(secret)
    assert CANARY not in repr({"password": secret})


@pytest.mark.parametrize(
    "written",
    [
        f"  password: {CANARY}",
        f"  password: '{CANARY}, and more'",
        f'  "router_password": {CANARY}',
        f"  password:\n    {CANARY}",
        f"  password: |\n    first line\n    {CANARY}",
        f"  auth: {{user: x, password: {CANARY}}}",
        f"  api_token: {CANARY}",
        f"  PASSWORD: *{CANARY}",
        f"  password: !{CANARY}",
        f"  password: &{CANARY} x",
        f"  password: '{CANARY}",
        f"  password : {CANARY}",
    ],
)
def test_a_secret_in_a_site_file_is_refused_and_hidden(written: str, tmp_path: Path) -> None:
    with pytest.raises(FileError) as raised:
        load_site(with_files(tmp_path, edited("  password_file: router.password", written)))
    assert CANARY not in str(raised.value)
    assert CANARY not in str([item.as_dict() for item in raised.value.findings])
