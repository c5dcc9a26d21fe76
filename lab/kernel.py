"""The guest's kernel: Debian's source, built as a User Mode Linux with CAKE and virtual time. Once; some minutes.

Kept in `$WANCTL_LAB_CACHE`, else `~/.cache/wanctl-lab`. Source: Documentation/virt/uml, arch/um/Kconfig (time travel).
"""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("gcc", "make", "flex", "bison", "bc", "xz")
PACKAGES = "gcc libc6-dev make flex bison bc xz-utils iproute2 linux-source-6.1"
SOURCES = Path("/usr/src")

# What the lab needs of a kernel that otherwise has nothing, by the names of Kconfig.
OPTIONS = {
    "the guest": "64BIT UML_TIME_TRAVEL_SUPPORT HOSTFS STDERR_CONSOLE NULL_CHAN SSL BINFMT_ELF BINFMT_SCRIPT PRINTK "
    "BUG DEVTMPFS PROC_FS PROC_SYSCTL SYSFS SYSCTL TMPFS SHMEM UNIX98_PTYS",
    "programs": "MULTIUSER FUTEX EPOLL SIGNALFD TIMERFD EVENTFD AIO ADVISE_SYSCALLS MEMBARRIER POSIX_TIMERS FHANDLE "
    "HIGH_RES_TIMERS NO_HZ_IDLE FILE_LOCKING INOTIFY_USER POSIX_MQUEUE CGROUPS NAMESPACES NET_NS PID_NS UTS_NS IPC_NS",
    "the network": "NET INET IPV6 UNIX PACKET NETDEVICES NET_CORE VETH DUMMY IFB TUN IP_ADVANCED_ROUTER "
    "IP_MULTIPLE_TABLES TCP_CONG_ADVANCED TCP_CONG_CUBIC TCP_CONG_BBR",
    "queues": "NET_SCHED NET_SCH_CAKE NET_SCH_NETEM NET_SCH_HTB NET_SCH_TBF NET_SCH_FQ_CODEL NET_SCH_FQ NET_SCH_PRIO "
    "NET_SCH_INGRESS NET_CLS NET_CLS_U32 NET_CLS_MATCHALL NET_CLS_FLOWER NET_CLS_ACT NET_ACT_MIRRED",
}
ESSENTIAL = ("UML_TIME_TRAVEL_SUPPORT", "HOSTFS", "VETH", "IFB", "NET_SCH_CAKE", "NET_SCH_TBF", "NET_SCH_NETEM")
OFF = ("KALLSYMS", "RD_GZIP")


class KernelError(Exception):
    """The kernel cannot be built here; the message says what to type."""


def cache() -> Path:
    """Where the kernel and the results of races are kept."""
    return Path(os.environ.get("WANCTL_LAB_CACHE") or Path.home() / ".cache/wanctl-lab")


def kernel() -> Path | None:
    """The built kernel, if there is one."""
    path = cache() / "linux"
    return path if os.access(path, os.X_OK) else None


def build(tell: Callable[[str], None], *, force: bool = False) -> Path:
    """Build the kernel unless there is one; raises `KernelError`."""
    built = kernel()
    if built is not None and not force:
        return built
    source = unpacked(tell)
    try:
        configure(source)
        tell("compiling")
        log = cache() / "build.log"
        with log.open("w") as output:
            made = subprocess.run(
                ["nice", "make", "ARCH=um", f"-j{os.cpu_count()}", "linux"],
                cwd=source,
                stdout=output,
                stderr=output,
                check=False,
            )
        if made.returncode:
            raise KernelError(f"the kernel does not compile: look at {log}")
        subprocess.run(["strip", "-o", str(cache() / "linux"), str(source / "linux")], check=True)
    finally:
        shutil.rmtree(source.parent, ignore_errors=True)
    return cache() / "linux"


def unpacked(tell: Callable[[str], None]) -> Path:
    """Debian's kernel source in a folder of its own."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    archives = sorted(SOURCES.glob("linux-source-6.*.tar.xz"))
    if missing or not archives:
        what = ", ".join([*missing, *([] if archives else ["the kernel's source"])])
        raise KernelError(f"missing: {what}. On Debian 12: apt install --no-install-recommends {PACKAGES}")
    folder = cache() / "source"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tell(f"unpacking {archives[0].name}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="tar")
    (top,) = folder.iterdir()
    return top


def configure(source: Path) -> None:
    """Write .config: nothing but what is listed. The timer ticks each millisecond, as TCP's coarse timers expect."""
    kconfig = source / "arch/um/Kconfig"
    text = re.sub(
        r"(^config HZ\n(?:.*\n)*?.*default )\d+", r"\g<1>1000", kconfig.read_text(), count=1, flags=re.MULTILINE
    )
    kconfig.write_text(text)
    wanted = [f"CONFIG_{name}=y" for names in OPTIONS.values() for name in names.split()]
    wanted += [f"CONFIG_{name}=n" for name in OFF]
    fragment = source / "lab.config"
    fragment.write_text("\n".join(wanted) + "\n")
    environment = {**os.environ, "KCONFIG_ALLCONFIG": str(fragment)}
    made = subprocess.run(
        ["make", "ARCH=um", "allnoconfig"], cwd=source, env=environment, capture_output=True, text=True, check=False
    )
    taken = (source / ".config").read_text() if (source / ".config").is_file() else ""
    lost = [name for name in ESSENTIAL if f"CONFIG_{name}=y" not in taken]
    if made.returncode or lost:
        raise KernelError(f"this kernel source cannot be configured: {', '.join(lost) or made.stderr[-500:]}")
