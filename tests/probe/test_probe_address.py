import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanctl.probe import Address, AddressError, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.1.1.1", Address("icmp", "1.1.1.1")),
        ("2606:4700::1111", Address("icmp", "2606:4700::1111")),
        ("2606:4700:0000::1111", Address("icmp", "2606:4700::1111")),
        ("udp://127.0.0.1:9000", Address("udp", "127.0.0.1", 9000)),
        ("udp://[2001:DB8::1]:7", Address("udp", "2001:db8::1", 7)),
        ("dns://9.9.9.9", Address("dns", "9.9.9.9", 53)),
        ("dns://[2620:fe::fe]", Address("dns", "2620:fe::fe", 53)),
        ("dns://192.0.2.1:5353", Address("dns", "192.0.2.1", 5353)),
        ("irtt://192.0.2.1", Address("irtt", "192.0.2.1", 2112)),
        ("irtt://[2001:db8::1]:9", Address("irtt", "2001:db8::1", 9)),
        ("timestamp://192.0.2.1", Address("timestamp", "192.0.2.1")),
        ("tcp://192.0.2.1:443", Address("tcp", "192.0.2.1", 443)),
        ("tcp://[2001:db8::1]:443", Address("tcp", "2001:db8::1", 443)),
    ],
)
def test_the_form_of_an_address_says_how_it_is_probed(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dns.google", "names are not looked up"),
        ("udp://reflector.example:7", "names are not looked up"),
        ("1.1.1", "not a numeric address"),
        ("1.1.1.1:53", "with a port it is udp://1.1.1.1:53"),
        ("[2001:db8::1]", "leave the brackets out"),
        ("", "not a numeric address"),
        ("icmp://1.1.1.1", "there is no probe 'icmp'"),
        ("udp://1.1.1.1", "expected an address and a port"),
        ("udp://1.1.1.1:", "expected an address and a port"),
        ("udp://1.1.1.1:0", "port 0 does not exist"),
        ("udp://1.1.1.1:65536", "port 65536 does not exist"),
        ("udp://1.1.1.1:٧", "expected an address and a port"),
        ("udp://2001:db8::1:7", "an IPv6 address needs brackets"),
        ("udp://[1.1.1.1]:7", "only an IPv6 address has brackets"),
        ("tcp://192.0.2.1", "expected an address and a port"),
        ("udp://1.1.1.1:7/path", "expected an address and a port"),
        ("dns://2001:db8::1", "an IPv6 address needs brackets"),
        ("dns://resolver.example", "names are not looked up"),
        ("dns://", "not a numeric address"),
        ("irtt://192.0.2.1:", "expected an address and a port"),
        ("timestamp://2001:db8::1", "of IPv4 alone"),
        ("timestamp://192.0.2.1:1", "not a numeric address"),
        ("fe80::1%eth0", "name the WAN's 'device'"),
        ("::ffff:1.1.1.1", "write 1.1.1.1"),
        ("224.0.0.1", "not the address of one host"),
        ("255.255.255.255", "not the address of one host"),
        ("::", "not the address of one host"),
    ],
)
def test_anything_else_is_an_error_that_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(AddressError, match=r".*") as error:
        parse_address(text)
    assert says in str(error.value)
    assert text in error.value.message
    assert error.value.hint


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.3", "192.168.88.1", "100.64.0.1", "fe80::1", "fd00::1"])
def test_addresses_of_ones_own_are_not_public(text: str) -> None:
    assert not parse_address(text).is_public


@pytest.mark.parametrize("text", ["1.1.1.1", "2606:4700:4700::1111", "udp://8.8.8.8:53"])
def test_addresses_of_others_are_public(text: str) -> None:
    assert parse_address(text).is_public


def is_a_hosts(ip: IPv4Address | IPv6Address) -> bool:
    mapped = isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None
    return not (ip.is_multicast or ip.is_unspecified or mapped or str(ip) == "255.255.255.255")


addresses = st.ip_addresses().filter(is_a_hosts)


@given(addresses, st.integers(0, 65_535))
def test_an_address_reads_back_as_it_was_written(ip: IPv4Address | IPv6Address, port: int) -> None:
    host = f"[{ip}]" if ":" in str(ip) else str(ip)
    address = parse_address(f"udp://{host}:{port}" if port else str(ip))
    assert parse_address(str(address)) == address
    assert socket.inet_pton(address.family, address.host) == socket.inet_pton(address.family, str(ip))


@given(st.text(max_size=40))
def test_any_other_text_is_refused_without_a_traceback(text: str) -> None:
    try:
        parse_address(text)
    except AddressError as error:
        assert error.message  # noqa: PT017  most texts are refused, but a few are addresses
