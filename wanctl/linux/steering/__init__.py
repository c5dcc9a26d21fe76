"""Steering on this host: nftables marks new connections, routing rules send them by the link that the mark names."""

from wanctl.linux.steering.links import LinkTables
from wanctl.linux.steering.netfilter import KernelWithoutNftables
from wanctl.linux.steering.prepare import apply, lacks, remove
from wanctl.linux.steering.script import nft_script, removal
from wanctl.linux.steering.setup import Class, Link, Ports, Setup, SteeringRefused, Traffic
from wanctl.linux.steering.switch import NotPrepared, State, SwitchSets

__all__ = [
    "Class",
    "KernelWithoutNftables",
    "Link",
    "LinkTables",
    "NotPrepared",
    "Ports",
    "Setup",
    "State",
    "SteeringRefused",
    "SwitchSets",
    "Traffic",
    "apply",
    "lacks",
    "nft_script",
    "removal",
    "remove",
]
