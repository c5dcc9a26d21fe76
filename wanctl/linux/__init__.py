"""CAKE on Linux, through netlink and without a fork: this host shapes by itself."""

from wanctl.linux.cake import LEAST_BPS, Cake, Seen
from wanctl.linux.channel import Channel
from wanctl.linux.error import (
    DeviceMissing,
    KernelRefused,
    KernelSilent,
    KernelWithoutCake,
    LinuxError,
    NotCake,
    NotPermitted,
)
from wanctl.linux.message import Bytes, Qdisc, Tin
from wanctl.linux.permission import may_shape, not_permitted

__all__ = [
    "LEAST_BPS",
    "Bytes",
    "Cake",
    "Channel",
    "DeviceMissing",
    "KernelRefused",
    "KernelSilent",
    "KernelWithoutCake",
    "LinuxError",
    "NotCake",
    "NotPermitted",
    "Qdisc",
    "Seen",
    "Tin",
    "may_shape",
    "not_permitted",
]
