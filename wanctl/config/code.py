"""The codes of what can be wrong with a site file, each with what it means and what to do.

A code keeps its meaning for ever; a new fault gets a new code. `bad` and `good` are the lines of a site that matter:
put into a complete one, `bad` raises the code and `good` does not. They are empty where no lines of a site raise it.
WC0xx are about YAML itself and WC2xx to WC4xx about machines: the engine has them.
"""

from typing import NamedTuple


class Code(NamedTuple):
    """One code."""

    title: str
    explanation: str
    bad: str = ""
    good: str = ""


CODES: dict[str, Code] = {
    # -- the form of the file ------------------------------------------------------------------------------------------
    "WC101": Code(
        "unknown key",
        "A key that wanctl does not know would be without effect, so it is an error. Mostly it is misspelt, or "
        "stands one level too high or too low.",
        "wans: {cable: {download: {quue: WAN-Down, plan: 100Mbit}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit}}}",
    ),
    "WC102": Code(
        "missing key",
        "Nothing is assumed in place of a key that has to be there.",
        "router: {address: 192.0.2.1, password_file: pw, ca_file: ca.pem, transport: [rest]}",
        "router: {address: 192.0.2.1, user: wanctl, password_file: pw, ca_file: ca.pem, transport: [rest]}",
    ),
    "WC103": Code(
        "wrong kind of value",
        "A single value, a list in [ ] or a map of keys is needed, and something else, or nothing, is there.",
        "wans: {cable: {reflectors: 1.1.1.1}}",
        "wans: {cable: {reflectors: [1.1.1.1]}}",
    ),
    "WC104": Code(
        "placeholder",
        "The examples have <what to put here> in angle brackets. Such a text is an error everywhere, so that an "
        "example is never mistaken for a site.",
        "wans: {cable: {source: <address of this host on the WAN>}}",
        "wans: {cable: {source: 192.0.2.10}}",
    ),
    "WC105": Code(
        "no site",
        "Every YAML file in a folder of sites is a site. This one has none of a site's keys; keep other files "
        "elsewhere.",
    ),
    "WC106": Code(
        "no name of a site",
        "The file's name, without .yaml, is the site's name, and units, folders and metrics are named after it: "
        "letters, digits, _ and -, at most 64.",
    ),
    "WC107": Code(
        "a secret in the file",
        "Site files are copied, compared and shown; a secret has no place there. Put it into a file of its own "
        "with mode 0600, or into a credential of the unit, and name that. wanctl hides the value when it shows "
        "the line.",
        "router: {address: 192.0.2.1, user: wanctl, password: opensesame, ca_file: ca.pem, transport: [rest]}",
        "router: {address: 192.0.2.1, user: wanctl, password_file: pw, ca_file: ca.pem, transport: [rest]}",
    ),
    "WC108": Code("not UTF-8", "A file of wanctl is UTF-8 text. Save it again in that encoding."),
    # -- values --------------------------------------------------------------------------------------------------------
    "WC110": Code(
        "not a quantity",
        "A rate, a time, a share or a size is a number and its unit: 38Mbit, 40ms, 1%, 20GB/month. A bare number "
        "is never guessed at, and units are written as here: Mbit, not mbit or Mbps.",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit}}}",
    ),
    "WC111": Code(
        "out of range",
        "The unit is right, but no WAN has such a value: rates are between 8kbit and 100Gbit, times and sizes above 0.",
        "wans: {cable: {download: {queue: WAN-Down, plan: 0Mbit}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit}}}",
    ),
    "WC112": Code(
        "character not allowed in a name",
        "Names of queues and interfaces go to the router, names of WANs and classes into metrics. Only characters "
        "are allowed that mean nothing there. Rename the queue on the router if it has others.",
        'wans: {cable: {download: {queue: "WAN; Down", plan: 100Mbit}}}',
        'wans: {cable: {download: {queue: "WAN - Down", plan: 100Mbit}}}',
    ),
    "WC113": Code(
        "not an address",
        "An IPv4 or IPv6 address as numbers, without a port. The router alone may be given by its host's name.",
        "wans: {cable: {source: 192.0.2.300}}",
        "wans: {cable: {source: 192.0.2.30}}",
    ),
    "WC114": Code(
        "not a whole number in range",
        "A port, a mark or a count is a whole number without a unit.",
        "budget: {minute: many, day: 10000}",
        "budget: {minute: 30, day: 10000}",
    ),
    "WC115": Code(
        "not one of the known words",
        "Only a few words are possible here; the message lists them.",
        "wans: {cable: {law: clasic}}",
        "wans: {cable: {law: default}}",
    ),
    "WC116": Code(
        "not a fingerprint",
        "A pin is sha256// and 44 characters of base64, the SHA-256 of the certificate's public key. A host key "
        "is SHA256: and 43 characters, as ssh-keygen -l prints it.",
        "router: {pin: 'sha256//abc'}",
        "router: {pin: 'sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='}",
    ),
    "WC117": Code(
        "not a reflector",
        "A reflector is a numeric address (ICMP), udp, dns, irtt or tcp://ADDRESS:PORT, or timestamp://ADDRESS. A "
        "name would have to be resolved again and again, in the path of the measurement.",
        "wans: {cable: {reflectors: [dns.example]}}",
        "wans: {cable: {reflectors: [192.0.2.53, 'udp://192.0.2.54:7']}}",
    ),
    "WC118": Code(
        "listed twice",
        "The same thing stands twice in a list.",
        "wans: {cable: {reflectors: [1.1.1.1, 1.1.1.1]}}",
        "wans: {cable: {reflectors: [1.1.1.1, 8.8.8.8, 9.9.9.9]}}",
    ),
    # -- what keys decide together -------------------------------------------------------------------------------------
    "WC120": Code(
        "who shapes?",
        "A site has router (a MikroTik router shapes) or linux (this host shapes): one of them, not both.",
        "linux: {}",
        "router: {address: 192.0.2.1, user: wanctl, password_file: pw, ca_file: ca.pem, transport: [rest]}",
    ),
    "WC121": Code(
        "not exactly one queue",
        "A direction is shaped by one queue: queue (an entry of the queue tree) or simple_queue on a router, "
        "device on a Linux host.",
        "wans: {cable: {download: {plan: 100Mbit}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit}}}",
    ),
    "WC122": Code(
        "no plan and no ceiling",
        "wanctl must know how fast a direction may become: plan is what the provider sold (85 % of it is the "
        "ceiling), ceiling is the limit itself and wins.",
        "wans: {cable: {download: {queue: WAN-Down}}}",
        "wans: {cable: {download: {queue: WAN-Down, ceiling: 85Mbit}}}",
    ),
    "WC123": Code(
        "limits out of order",
        "The floor is at most the start, and the start at most the ceiling. What is not written is 5 % (floor) "
        "and 50 % (start) of the ceiling, and the ceiling 85 % of the plan.",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit, floor: 90Mbit}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit, floor: 20Mbit}}}",
    ),
    "WC124": Code(
        "one queue for two",
        "Two directions that set the same queue would overwrite each other. The two sides of one simple queue are "
        "fine, for one WAN.",
        "wans: {cable: {upload: {queue: WAN-Down, plan: 20Mbit}}}",
        "wans: {cable: {upload: {queue: WAN-Up, plan: 20Mbit}}}",
    ),
    "WC125": Code(
        "how is the router known?",
        "REST goes over TLS, and TLS is never used without knowing the other side: by the file of the CA that "
        "signed the router's certificate, or by a pin of its public key. One of them, not both.",
        "router: {address: 192.0.2.1, user: wanctl, password_file: pw, transport: [rest]}",
        "router: {address: 192.0.2.1, user: wanctl, password_file: pw, ca_file: ca.pem, transport: [rest]}",
    ),
    "WC126": Code(
        "queue of the other backend",
        "A router has queue and simple_queue, a Linux host has device.",
        "wans: {cable: {download: {device: eth1, plan: 100Mbit}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit}}}",
    ),
    "WC127": Code(
        "no such WAN",
        "A class prefers WANs of its own site, by the names they have under wans.",
        "classes: {calls: {who: {dscp: [ef]}, prefer: [kable]}}",
        "classes: {calls: {who: {dscp: [ef]}, prefer: [cable]}}",
    ),
    "WC128": Code(
        "budget upside down",
        "A day cannot have fewer writes than a minute of it.",
        "budget: {minute: 30, day: 10}",
        "budget: {minute: 30, day: 10000}",
    ),
    "WC129": Code(
        "few operators",
        "With fewer than three operators of reflectors, one of them in trouble looks like your link in trouble.",
        "wans: {cable: {reflectors: [1.1.1.1, 1.0.0.1]}}",
        "wans: {cable: {reflectors: [1.1.1.1, 8.8.8.8, 9.9.9.9]}}",
    ),
    # -- profiles and laws ---------------------------------------------------------------------------------------------
    "WC130": Code(
        "no such profile",
        "Profiles come with wanctl; the message lists them. Without the key a WAN has the profile 'default'.",
        "wans: {cable: {profile: docsis}}",
        "wans: {cable: {profile: cable}}",
    ),
    "WC131": Code(
        "no classic law in the profile",
        "The classic law needs the absolute figures of a profile that was tuned for it.",
        "wans: {cable: {profile: default, law: classic}}",
        "wans: {cable: {profile: default, law: default}}",
    ),
    "WC132": Code(
        "not a parameter",
        "The machine of the WAN's law has no parameter of that name. Ceiling, floor and start are keys of a direction.",
        "wans: {cable: {params: {download_floor: 10Mbit}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit, floor: 10Mbit}}}",
    ),
    "WC133": Code(
        "a parameter's value does not fit",
        "The unit or the range is not the one that the machine declares, or a rule between parameters does not hold.",
    ),
    "WC134": Code(
        "the classic ceiling is above the plan",
        "The classic law's figures are absolute rates of one link. For a slower plan, write ceiling and floor.",
        "wans: {cable: {profile: cable, law: classic, download: {queue: WAN-Down, plan: 500Mbit}}}",
        "wans: {cable: {profile: cable, law: classic, download: {queue: WAN-Down, plan: 1Gbit}}}",
    ),
    # -- files and names -----------------------------------------------------------------------------------------------
    "WC140": Code("cannot be read", "The file is not there, or wanctl's user may not read it."),
    "WC141": Code(
        "open to others",
        "A file with a secret belongs to wanctl's user (or root) and has mode 0600, or is a credential of the unit.",
    ),
    "WC142": Code("no secret in the file", "The file holds the secret alone, as one line of UTF-8 text."),
    "WC143": Code("nothing to check", "The folder has no YAML file in it."),
    "WC150": Code(
        "named file is missing",
        "The file is not there now. That is allowed while a site is written; 'run' needs it. Relative names count "
        "from the site file's folder, and a credential of the unit with the same name wins.",
        "router: {address: 192.0.2.1, user: wanctl, password_file: wrong, ca_file: ca.pem, transport: [rest]}",
    ),
    "WC151": Code(
        "host key is missing",
        "SSH without a known host key would talk to anybody. 'check' warns, 'run' refuses.",
        "router: {transport: [rest, ssh]}",
        "router: {transport: [rest]}",
    ),
    "WC152": Code(
        "ceiling above the plan",
        "With a ceiling above what the link carries the queue stands in the modem, where nobody keeps it short.",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit, ceiling: 120Mbit}}}",
        "wans: {cable: {download: {queue: WAN-Down, plan: 100Mbit, ceiling: 95Mbit}}}",
    ),
    "WC153": Code(
        "two WANs, one way",
        "Without a source, a device or a mark of its own the probes of a WAN leave by the default route, like "
        "those of the next one: both would measure the same link.",
        "wans: {cable: {device: eth1}, dsl: {device: eth1}}",
        "wans: {cable: {device: eth1}, dsl: {device: eth2}}",
    ),
    "WC154": Code(
        "not served yet",
        "The key is part of the form, but this version does not act on it. 'check' names it, 'run' refuses it.",
        "wans: {cable: {metered: 20GB/month}}",
    ),
    "WC155": Code(
        "host key without ssh",
        "The key is never used: ssh is not in transport.",
        "router: {host_key: 'SHA256:uNiVztksCsDhcc0u9e8BrwgnvSvMSBoDnCQWe7DqAcE', transport: [rest]}",
        "router: {host_key: 'SHA256:uNiVztksCsDhcc0u9e8BrwgnvSvMSBoDnCQWe7DqAcE', transport: [rest, ssh]}",
    ),
    "WC156": Code(
        "long name",
        "The unit of a site runs as a user that is named after it, and a user's name has at most 31 letters.",
    ),
    "WC157": Code(
        "not enough to steer by",
        "To steer classes, the router has to know how each of their WANs is left: its interface and its gateway, which "
        "is an address, an interface (of PPPoE or LTE), or ADDRESS%INTERFACE where two WANs have the same address "
        "there. IPv6 is not steered. 'run' and 'init' refuse a site that lacks it.",
    ),
    "WC160": Code("no such site", "SITE is a path, or the name of a file in ./sites/ or /etc/wanctl/sites/."),
    "WC170": Code(
        "router refuses",
        "The router answered, but not as the site file says: another certificate, another password, or a user whose "
        "group lacks a policy. 'run' ends with 78, for no waiting mends that.",
    ),
    "WC171": Code(
        "no such object on the router",
        "A queue or an interface that the site names is not on the router, or more than one has that name. Nothing "
        "was changed.",
    ),
    "WC161": Code("no such machine", "MACHINE is a path, or the name of a machine in ./machines/ or a shipped one."),
}
