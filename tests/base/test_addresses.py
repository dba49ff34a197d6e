"""Which addresses may be called: the open internet, and what is listed."""

import ipaddress
import socket

import pytest

from watchbill.base import addresses
from watchbill.base.addresses import AddressRefused, choose, is_listed, is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("172.32.0.1", True),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds keep credentials
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("198.18.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::93.184.215.14", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    ("host", "listed", "is_it"),
    [
        ("jira.internal", ["jira.internal"], True),
        ("JIRA.internal", ["jira.INTERNAL"], True),
        ("jira.internal", ["jira.internal:8443"], True),
        ("jira.internal", ["jira.internal:443"], False),
        ("evil-jira.internal", ["jira.internal"], False),
        ("jira.internal.evil.example", ["jira.internal"], False),
        ("jira.internal", [], False),
    ],
)
def test_a_host_is_listed_by_name_or_by_name_and_port(host: str, listed: list[str], is_it: bool) -> None:
    assert is_listed(host, 8443, listed) is is_it


def resolving_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **how: rows)


def test_the_checked_address_is_the_one_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "93.184.215.14", "93.184.215.15")
    assert choose("hooks.example", 443, allow_hosts=[], allow_private=False) == "93.184.215.14"


def test_one_private_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(AddressRefused, match=r"hooks\.example is 10\.0\.0\.1") as caught:
        choose("hooks.example", 443, allow_hosts=[], allow_private=False)
    assert "allow_hosts" in caught.value.remedy


def test_a_listed_host_may_be_private(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "10.0.0.1")
    assert choose("jira.internal", 443, allow_hosts=["jira.internal"], allow_private=False) == "10.0.0.1"


def test_all_private_ones_may_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "10.0.0.1")
    assert choose("jira.internal", 443, allow_hosts=[], allow_private=True) == "10.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]".strip("[]")])
def test_loopback_in_any_spelling_is_refused(host: str) -> None:
    with pytest.raises((AddressRefused, OSError)):
        choose(host, 80, allow_hosts=[], allow_private=False)


def test_a_scoped_address_is_judged_without_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "fe80::1%eth0")
    with pytest.raises(AddressRefused):
        choose("printer", 80, allow_hosts=[], allow_private=False)


def test_a_name_that_is_none_is_an_os_error() -> None:
    with pytest.raises(OSError, match="no host name"):
        addresses.resolve("x" * 300 + ".example", 80)
