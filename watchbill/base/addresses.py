"""Which network addresses may be called. A name is resolved once, every address it has is judged, and the caller connects to the one
returned, so that a name which changes its mind between check and call gains nothing. Pure but for the resolving.
"""

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CARRIER_NAT = ipaddress.ip_network("100.64.0.0/10")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(ValueError):
    """This host may not be called; `remedy` says what would allow it."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


def choose(host: str, port: int, *, allow_hosts: Sequence[str], allow_private: bool) -> str:
    """A numeric address of `host` that may be called. Raises AddressRefused, or OSError when the name has none.

    Of a name that isn't listed, all addresses must be public: one private address among them refuses it.
    """
    found = resolve(host, port)
    if allow_private or is_listed(host, port, allow_hosts):
        return found[0]
    for address in found:
        if not is_public(ipaddress.ip_address(address.partition("%")[0])):
            detail = f"{host} is {f'{address}, ' if address != host else ''}an address inside this network."
            raise AddressRefused(detail, f"List {host} in outgoing.allow_hosts if it may be called.")
    return found[0]


def resolve(host: str, port: int) -> list[str]:
    """All numeric addresses of a name, in the resolver's order. Raises OSError."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no host name") from error
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def is_listed(host: str, port: int, allow_hosts: Sequence[str]) -> bool:
    """Whether `host`, or `host:port`, stands in the list. Letter case doesn't count."""
    names = {name.lower() for name in allow_hosts}
    return host.lower() in names or f"{host.lower()}:{port}" in names


def is_public(address: Address) -> bool:
    """Whether it lies on the open internet: not private, loopback, link-local, multicast, reserved, or one of these wrapped in IPv6."""
    inner = _wrapped(address)
    if inner is not None:
        return is_public(inner)
    if address.version == 4 and address in _CARRIER_NAT:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _wrapped(address: Address) -> Address | None:
    """The IPv4 address inside a mapped, 6to4, Teredo or NAT64 one."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
