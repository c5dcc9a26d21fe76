"""Each fault of a site file has its code, and the line and column where it stands."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.sites import LINUX, SITE, edited, with_files
from wanctl.config import load_site
from wanctl.engine import FileError

CLASS = "classes:\n  calls: {who: {dscp: [ef]}, prefer: [cable]}\n"
SECOND = (
    SITE
    + "  dsl:\n    source: 192.0.2.11\n    download: {queue: D, plan: 50Mbit}\n    upload: {queue: U, plan: 9Mbit}\n"
)
CLASSIC = edited("    source:", "    profile: cable\n    law: classic\n    source:")
DOWN = "{queue: WAN-Down, plan: 940Mbit}"

# name: the file, and what is found in it
BAD: dict[str, tuple[str, list[str]]] = {
    # YAML itself
    "empty": ("", ["1:1 WC001"]),
    "torn": (SITE[:-3] + "\n", ["12:1 WC002"]),
    "tab": (edited("  user:", "\tuser:"), ["3:1 WC002"]),
    "duplicate_key": (SITE + "wans: {}\n", ["12:1 WC003"]),
    "merge_key": (edited("    source: 192.0.2.10", "    <<: {source: 192.0.2.10}"), ["9:5 WC005"]),
    "tag": (edited("192.0.2.10", "!!str 192.0.2.10") + "http: !secret x\n", ["12:7 WC005", "12:7 WC113"]),
    # the form
    "unknown_key_at_the_top": (SITE + "htpp: 127.0.0.1:1\n", ["12:1 WC101"]),
    "unknown_key_in_router": (edited("  user: wanctl", "  user: wanctl\n  sshport: 22"), ["4:3 WC101"]),
    "misspelt_key_is_told_once": (edited("  user:", "  usr:"), ["3:3 WC101"]),
    "misspelt_queue_is_told_once": (edited("queue: WAN-Down", "quue: WAN-Down"), ["10:16 WC101"]),
    "key_of_another_section": (edited("    source:", "    plan: 3Mbit\n    source:"), ["9:5 WC101"]),
    "no_user": (edited("  user: wanctl\n", ""), ["1:1 WC102"]),
    "no_transport": (edited("  transport: [rest]\n", ""), ["1:1 WC102"]),
    "no_wans": (SITE[: SITE.index("wans:")], ["1:1 WC102"]),
    "no_upload": (edited("    upload: {queue: WAN-Up, plan: 38Mbit}\n", ""), ["8:3 WC102"]),
    "wans_is_empty": (SITE[: SITE.index("wans:")] + "wans: {}\n", ["7:1 WC103"]),
    "wans_is_a_list": (SITE[: SITE.index("wans:")] + "wans: [cable]\n", ["7:1 WC103"]),
    "router_is_a_text": ("router: 192.0.2.1\n" + SITE[SITE.index("wans:") :], ["1:9 WC103"]),
    "transport_is_a_text": (edited("[rest]", "rest"), ["6:14 WC103"]),
    "transport_is_empty": (edited("[rest]", "[]"), ["6:3 WC103"]),
    "download_is_empty": (edited(f"download: {DOWN}", "download:"), ["10:5 WC103"]),
    "plan_is_empty": (edited("plan: 940Mbit", "plan: ''"), ["10:33 WC103"]),
    "plan_is_a_map": (edited("plan: 940Mbit", "plan: {a: b}"), ["10:33 WC103"]),
    "placeholder": (edited("address: 192.0.2.1\n", "address: <router address>\n"), ["2:12 WC104"]),
    "placeholder_inside": (edited("queue: WAN-Down", "queue: WAN-<which>"), ["10:23 WC104"]),
    "placeholder_for_a_key": (edited("  cable:", "  <name>:"), ["8:3 WC104"]),
    "no_site": ("targets: [a]\n", ["1:1 WC105"]),
    "a_list": ("- router\n", ["1:1 WC105"]),
    "a_machine": ("schema: 1\nmachine: x\nstates: {A: {}}\n", ["1:1 WC105"]),
    "a.dotted.name": (SITE, ["1:1 WC106"]),
    "password": (edited("password_file: router.password", "password: opensesame"), ["4:3 WC107"]),
    # values
    "rate_without_unit": (edited("940Mbit", "940"), ["10:39 WC110"]),
    "rate_in_wrong_case": (edited("940Mbit", "940mbit"), ["10:39 WC110"]),
    "rate_of_a_provider": (edited("940Mbit", "940 Mbps"), ["10:39 WC110"]),
    "rate_is_a_time": (edited("940Mbit", "940ms"), ["10:39 WC110"]),
    "rate_is_zero": (edited("940Mbit", "0Mbit"), ["10:39 WC111"]),
    "rate_is_negative": (edited("940Mbit", "-5Mbit"), ["10:39 WC111"]),
    "rate_is_huge": (edited("940Mbit", "940Gbit"), ["10:39 WC111"]),
    "rate_is_not_finite": (edited("940Mbit", "1e999Mbit"), ["10:39 WC111"]),
    "rate_is_nan": (edited("940Mbit", ".nan"), ["10:39 WC110"]),
    "queue_with_a_command": (edited("WAN-Down", '"x;[/system/reboot]"'), ["10:23 WC112"]),
    "queue_with_a_quote": (edited("WAN-Down", "'a\"b'"), ["10:23 WC112"]),
    "queue_with_a_dollar": (edited("WAN-Down", "$x"), ["10:23 WC112"]),
    "queue_is_long": (edited("WAN-Down", "x" * 65), ["10:23 WC112"]),
    "queue_is_not_ascii": (edited("WAN-Down", "Wän"), ["10:23 WC112"]),
    "user_with_a_plus": (edited("user: wanctl", "user: wanctl+ct"), ["3:9 WC112"]),
    "wan_with_a_dot": (edited("  cable:", "  cable.1:"), ["8:3 WC112"]),
    "wan_with_a_digit_first": (edited("  cable:", "  1st:"), ["8:3 WC112"]),
    "device_is_long": (edited("source: 192.0.2.10", "device: enp0s20f0u2c2i22"), ["9:13 WC112"]),
    "source_is_a_name": (edited("192.0.2.10", "eth1"), ["9:13 WC113"]),
    "source_is_off": (edited("192.0.2.10", "192.0.2.300"), ["9:13 WC113"]),
    "address_with_a_port": (edited("address: 192.0.2.1\n", "address: 192.0.2.1:443\n"), ["2:12 WC113"]),
    "address_with_a_blank": (edited("address: 192.0.2.1\n", "address: my router\n"), ["2:12 WC113"]),
    "http_without_address": (SITE + "http: 9101\n", ["12:7 WC113"]),
    "port_is_a_word": (edited("  user:", "  port: https\n  user:"), ["3:9 WC114"]),
    "port_is_large": (edited("  user:", "  port: 65536\n  user:"), ["3:9 WC114"]),
    "fwmark_is_zero": (edited("source: 192.0.2.10", "fwmark: 0x0"), ["9:13 WC114"]),
    "budget_is_negative": (SITE + "budget: {minute: -1}\n", ["12:18 WC114"]),
    "transport_is_unknown": (edited("[rest]", "[rest, telnet]"), ["6:21 WC115"]),
    "law_is_misspelt": (edited("    source:", "    law: clasic\n    source:"), ["9:10 WC115"]),
    "dscp_is_unknown": (SITE + edited("[ef]", "[ef, af44]", CLASS), ["13:28 WC115"]),
    "pin_is_short": (edited("ca_file: ca.pem", "pin: sha256//abc"), ["5:8 WC116"]),
    "host_key_is_padded": (
        edited("transport: [rest]", f"transport: [rest, ssh]\n  host_key: SHA256:{'A' * 43}="),
        ["7:13 WC116"],
    ),
    "reflector_is_a_name": (edited("    source:", "    reflectors: [dns.example]\n    source:"), ["9:18 WC117"]),
    "reflector_without_port": (edited("    source:", "    reflectors: ['udp://1.1.1.1']\n    source:"), ["9:18 WC117"]),
    "reflector_on_port_0": (edited("    source:", "    reflectors: ['udp://1.1.1.1:0']\n    source:"), ["9:18 WC114"]),
    "reflector_is_nowhere": (edited("    source:", "    reflectors: [0.0.0.0]\n    source:"), ["9:18 WC117"]),
    "reflector_twice": (edited("    source:", "    reflectors: [1.1.1.1, 1.1.1.1]\n    source:"), ["9:5 WC118"]),
    "quota_without_period": (edited("    source:", "    metered: 20GB\n    source:"), ["9:14 WC110"]),
    "quota_of_rates": (edited("    source:", "    metered: 20Mbit/month\n    source:"), ["9:14 WC110"]),
    "loss_is_large": (SITE + edited("prefer", "hurts: {loss: 120%}, prefer", CLASS), ["13:44 WC111"]),
    # what keys decide together
    "two_backends": (SITE + "linux: {}\n", ["12:1 WC120"]),
    "no_backend": (SITE[SITE.index("wans:") :], ["1:1 WC120"]),
    "no_queue": (edited("queue: WAN-Down, ", ""), ["10:5 WC121"]),
    "two_queues": (edited("queue: WAN-Down", "queue: WAN-Down, simple_queue: x"), ["10:33 WC121"]),
    "no_plan": (edited(DOWN, "{queue: WAN-Down}"), ["10:5 WC122"]),
    "floor_above_ceiling": (edited("940Mbit", "10Mbit, floor: 9Mbit"), ["10:54 WC123"]),
    "start_above_ceiling": (edited("940Mbit", "10Mbit, ceiling: 9Mbit, start: 10Mbit"), ["10:70 WC123"]),
    "start_below_floor": (edited("940Mbit", "10Mbit, floor: 2Mbit, start: 1Mbit"), ["10:68 WC123"]),
    "start_below_the_default_floor": (edited("940Mbit", "100Mbit, start: 1Mbit"), ["10:55 WC123"]),
    "queue_for_both_directions": (edited("WAN-Up", "WAN-Down"), ["11:21 WC124"]),
    "queue_for_two_wans": (edited("queue: U,", "queue: WAN-Up,", SECOND), ["15:21 WC124"]),
    "device_for_both_directions": (edited("eth1", "ifb0", LINUX), ["5:22 WC124"]),
    "rest_without_ca": (edited("  ca_file: ca.pem\n", ""), ["1:1 WC125"]),
    "ca_and_pin": (edited("ca_file: ca.pem", f"ca_file: ca.pem\n  pin: sha256//{'A' * 43}="), ["6:3 WC125"]),
    "device_on_a_router": (edited("queue: WAN-Down", "device: eth0"), ["10:16 WC126"]),
    "queue_on_linux": (edited("device: ifb0", "queue: WAN-Down", LINUX), ["4:16 WC126"]),
    "class_on_no_wan": (SITE + edited("[cable]", "[cabel]", CLASS), ["13:39 WC127"]),
    "class_of_nothing": (SITE + edited("{dscp: [ef]}", "{}", CLASS), ["13:11 WC103"]),
    "budget_upside_down": (SITE + "budget: {minute: 30, day: 10}\n", ["12:27 WC128"]),
    # profiles and laws
    "profile_is_unknown": (edited("    source:", "    profile: cabel\n    source:"), ["9:14 WC130"]),
    "profile_is_a_path": (edited("    source:", "    profile: ../../x\n    source:"), ["9:14 WC130"]),
    "classic_without_figures": (edited("    source:", "    law: classic\n    source:"), ["9:10 WC131"]),
    "limit_as_parameter": (edited("    source:", "    params: {ceiling: 9Mbit}\n    source:"), ["9:14 WC132"]),
    "parameter_without_number": (edited("    source:", "    params: {target: soon}\n    source:"), ["9:22 WC110"]),
    "classic_ceiling_above_plan": (edited("940Mbit", "500Mbit", CLASSIC), ["12:39 WC134"]),
    "classic_floor_above_ceiling": (edited("940Mbit", "500Mbit, ceiling: 400Mbit", CLASSIC), ["12:5 WC123"]),
}


def spots(error: FileError) -> list[str]:
    return [f"{item.place.line}:{item.place.column} {item.code}" for item in error.findings.errors]


@pytest.mark.parametrize("name", BAD)
def test_a_fault_has_its_code_line_and_column(name: str, tmp_path: Path) -> None:
    text, expected = BAD[name]
    with pytest.raises(FileError) as raised:
        load_site(with_files(tmp_path, text, f"{name}.yaml"))
    assert spots(raised.value) == expected


def test_all_of_them_are_told_by_one_run_over_their_folder(tmp_path: Path) -> None:
    for name, (text, _) in BAD.items():
        with_files(tmp_path / "sites", text, f"{name}.yaml")
    command = [sys.executable, "-m", "wanctl", "check", "sites", "--format", "concise"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = {line for line in run.stdout.splitlines() if ": error[" in line}
    expected = {
        f"sites/{name}.yaml:{spot.split()[0]}: error[{spot.split()[1]}]"
        for name, (_, found) in BAD.items()
        for spot in found
    }
    assert {line[: line.index("]") + 1] for line in told} == expected
    assert run.returncode == 1
    assert "Traceback" not in run.stderr


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = SITE
    for old, new in (("user:", "usr:"), ("940Mbit", "940"), ("WAN-Up", "WAN;Up"), ("192.0.2.10", "<source>")):
        text = edited(old, new, text)
    with pytest.raises(FileError) as raised:
        load_site(with_files(tmp_path, text + "htpp: x\n"))
    assert spots(raised.value) == ["3:3 WC101", "9:13 WC104", "10:39 WC110", "11:21 WC112", "12:1 WC101"]
