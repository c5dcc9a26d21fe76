"""Site files that the tests begin with."""

from pathlib import Path

SITE = """\
router:
  address: 192.0.2.1
  user: wanctl
  password_file: router.password
  ca_file: ca.pem
  transport: [rest]
wans:
  cable:
    source: 192.0.2.10
    download: {queue: WAN-Down, plan: 940Mbit}
    upload: {queue: WAN-Up, plan: 38Mbit}
"""

LINUX = """\
linux: {}
wans:
  fiber:
    download: {device: ifb0, plan: 1Gbit}
    upload: {device: eth1, plan: 500Mbit}
"""

# Every key of the form.
WHOLE = """\
router:
  address: 192.0.2.1
  port: 8443
  ssh_port: 2222
  user: wanctl
  password_file: router.password
  ca_file: router-ca.pem
  host_key: SHA256:uNiVztksCsDhcc0u9e8BrwgnvSvMSBoDnCQWe7DqAcE
  transport: [rest, ssh]
reflectors: [192.0.2.53, "udp://192.0.2.54:7"]
wans:
  cable:
    profile: cable
    interface: ether1
    source: 192.0.2.10
    fwmark: 0x11
    reflectors: [9.9.9.9, "2001:db8::1", "udp://[2001:db8::2]:7", "tcp://192.0.2.55:443"]
    download: {queue: WAN-Download-Cable, plan: 940Mbit, ceiling: 900Mbit, floor: 90Mbit, start: 300Mbit}
    upload: {queue: WAN-Upload-Cable, plan: 38Mbit}
  lte:
    profile: lte
    device: wwan0
    metered: 20GB/month
    download: {simple_queue: lte, plan: 60Mbit}
    upload: {simple_queue: lte, plan: 20Mbit}
classes:
  realtime:
    who: {dscp: [ef, af41], hosts: [192.168.88.0/24], ports: [udp/3478-3481], lists: [phones]}
    prefer: [cable, lte]
    hurts: {delay: 40ms, jitter: 10ms, loss: 1%}
http: 127.0.0.1:9101
budget: {minute: 20, day: 5000}
"""


def with_files(folder: Path, text: str, name: str = "home.yaml") -> Path:
    """A site's file, and beside it the files that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    for named in ("router.password", "ca.pem", "router-ca.pem"):
        (folder / named).write_text("secret\n")
        (folder / named).chmod(0o600)
    path = folder / name
    path.write_text(text)
    return path


def edited(old: str, new: str, text: str = SITE) -> str:
    """A site's text with one place changed."""
    assert text.count(old) == 1, f"'{old}' stands {text.count(old)} times in the text"
    return text.replace(old, new)
