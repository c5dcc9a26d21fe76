"""deploy/linux/wanctl-cake without a kernel that has CAKE: what it prints, and what it says of a wrong file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deploy/linux/wanctl-cake"
GOOD = "[fiber]\nwan = eth9\ndownload = 40Mbit\nupload = 10Mbit\n"


def run(folder: Path, text: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = folder / "home.ini"
    path.write_text(text)
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments, str(path)], capture_output=True, text=True, check=False
    )


def test_a_dry_run_prints_each_command_in_order(tmp_path: Path) -> None:
    done = run(tmp_path, GOOD, "--dry-run", "up")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "ip link add name ifb-eth9 type ifb",
        "ip link set dev ifb-eth9 up",
        "tc qdisc replace dev ifb-eth9 root cake bandwidth 40Mbit besteffort dual-dsthost ingress",
        "tc qdisc replace dev eth9 root cake bandwidth 10Mbit besteffort dual-srchost",
        "tc qdisc add dev eth9 handle ffff: ingress",
        "tc filter add dev eth9 ingress pref 7401 protocol all matchall action mirred egress redirect dev ifb-eth9",
    ]


def test_the_example_is_one() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--dry-run", "up", str(ROOT / "deploy/linux/home.ini")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "nat overhead 44" in done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no WAN"),
        ("wan = eth0\n", "no section headers"),
        (GOOD.replace("upload", "uplaod"), "unknown key 'uplaod'"),
        (GOOD.replace("upload = 10Mbit\n", ""), "'upload' is missing"),
        (GOOD.replace("10Mbit", "0Mbit"), "is no rate"),
        (GOOD.replace("10Mbit", "unlimited"), "is no rate"),
        (GOOD.replace("eth9", "eth9 reboot"), "is no name of an interface"),
        (GOOD + "options = autorate-ingress\n", "has no place"),
        (GOOD + "options = nat $(reboot)\n", "has no place"),
        (GOOD + GOOD, "already exists"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_is_done(text: str, told: str, tmp_path: Path) -> None:
    done = run(tmp_path, text, "up")
    assert done.returncode == 78
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "up", str(tmp_path / "none.ini")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert "none.ini" in done.stderr


def test_a_command_that_fails_is_shown_with_what_it_said(tmp_path: Path) -> None:
    apart = ["unshare", "--map-root-user", "--net"]  # a network of its own: this host's is not touched
    try:
        subprocess.run([*apart, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no network namespace can be made here")
    path = tmp_path / "home.ini"
    path.write_text(GOOD)
    done = subprocess.run(
        [*apart, sys.executable, str(SCRIPT), "up", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(("ip ", "tc "))
    assert "Traceback" not in done.stderr
