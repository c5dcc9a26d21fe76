"""Without CAKE: this host's own kernel answers, and says what it lacks."""

import socket
from pathlib import Path

import pytest

from wanctl.linux import Cake, Channel, DeviceMissing, LinuxError
from wanctl.linux.kernel import cake_support, package_hint
from wanctl.linux.permission import may_shape

RELEASE = "6.1.0-test"


@pytest.fixture
def cake() -> Cake:
    return Cake(Channel())


def test_the_bytes_of_an_interface_grow_by_what_goes_through(cake: Cake) -> None:
    before = cake.read([], ["lo"]).bytes["lo"]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        for _ in range(10):
            sender.sendto(bytes(1_000), receiver.getsockname())
    after = cake.read([], ["lo"]).bytes["lo"]
    assert after.rx_bytes - before.rx_bytes >= 10_000
    assert after.tx_bytes - before.tx_bytes >= 10_000


def test_a_device_that_is_not_there_is_an_error_of_its_own(cake: Cake) -> None:
    with pytest.raises(DeviceMissing, match="nosuch0"):
        cake.read(["nosuch0"])
    with pytest.raises(DeviceMissing, match="nosuch0"):
        cake.read([], ["nosuch0"])
    with pytest.raises(DeviceMissing, match="nosuch0"):
        cake.set_rate("nosuch0", 1_000_000)


def test_a_device_without_cake_says_what_it_has(cake: Cake) -> None:
    with pytest.raises(LinuxError, match="lo has no CAKE"):
        cake.read(["lo"])


def test_nothing_is_ever_set_to_0(cake: Cake) -> None:
    with pytest.raises(AssertionError):
        cake.set_rate("lo", 0)


def kernel_with(folder: Path, builtin: str, modules: str) -> Path:
    home = folder / "lib/modules" / RELEASE
    home.mkdir(parents=True)
    (home / "modules.builtin").write_text(builtin)
    (home / "modules.dep").write_text(modules)
    return folder


def test_a_module_that_is_not_loaded_yet_counts(tmp_path: Path) -> None:
    root = kernel_with(tmp_path, "", "kernel/net/sched/sch_cake.ko.xz: kernel/net/netfilter/nf_conntrack.ko.xz\n")
    assert cake_support(root, RELEASE) == "present"


def test_a_kernel_that_has_it_built_in_counts(tmp_path: Path) -> None:
    assert cake_support(kernel_with(tmp_path, "kernel/net/sched/sch_cake.ko\n", ""), RELEASE) == "present"


def test_a_kernel_whose_lists_do_not_have_it_has_it_not(tmp_path: Path) -> None:
    assert cake_support(kernel_with(tmp_path, "kernel/net/sched/sch_htb.ko\n", ""), RELEASE) == "absent"


def test_where_no_file_tells_nobody_knows(tmp_path: Path) -> None:
    assert cake_support(tmp_path, RELEASE) == "unknown"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ID=debian\n", "linux-image-amd64"),
        ('ID="ubuntu"\nID_LIKE=debian\n', f"linux-modules-extra-{RELEASE}"),
        ("ID=mint\nID_LIKE='ubuntu debian'\n", f"linux-modules-extra-{RELEASE}"),
        ('ID="openwrt"\n', "kmod-sched-cake"),
        ("ID=slackware\n", "CONFIG_NET_SCH_CAKE"),
    ],
)
def test_the_package_is_that_of_the_distribution(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(text)
    assert told in package_hint(tmp_path, RELEASE, "x86_64")


@pytest.mark.parametrize(("bits", "may"), [("000001ffffffffff", True), ("0000000000001000", True), ("0", False)])
def test_the_right_to_shape_is_one_capability(bits: str, may: bool, tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tx\nCapInh:\t0\nCapEff:\t{bits}\n")
    assert may_shape(status) is may
