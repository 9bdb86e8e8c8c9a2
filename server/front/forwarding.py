"""Requests that trusted proxies pass on: the address, the scheme and the host that the client itself used.

Anybody can send the headers that proxies set, so they count only on connections from proxies that the operator names.
Of the two families only one does: a proxy that sets one passes on the other as its client sent it (RFC 7239, section
8.1).
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from wsgiref.types import WSGIEnvironment

from ontology import KelisimError
from server.http.hosts import HOST

HOPS: Final = 32
"""How many entries of a header are read, from the right. The client counts as unknown beyond them."""

_ELEMENT_LENGTH: Final = 1024
_HEADERS: Final = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
"""What nothing behind this module sees."""

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - of RFC 9110, section 5.6.2
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_PAIR: Final = re.compile(rf"[ \t]*({_TOKEN})=({_TOKEN}|{_QUOTED})[ \t]*")
_NODE: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+))(?::(?:[0-9]{1,5}|_[\w.-]+))?", re.ASCII
)
"""A node with an address (RFC 7239, section 6); X-Forwarded-For has IPv6 addresses without brackets too."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Hop(NamedTuple):
    """What one proxy says of whom it had the request from; empty where it does not say, or says nothing readable."""

    address: str
    scheme: str = ""
    host: str = ""


class Forwarding:
    """Replaces what a trusted proxy's connection shows of the client by what the proxy says of it.

    The proxies write their entries from left to right. So these are read from the right, as long as the address before
    is that of a trusted proxy: the first that is of no proxy is the client, and what stands further left is what it
    sent. An entry that is no address (``unknown``, an obfuscated or malformed one) ends this as well, and the proxy
    that wrote it counts as the client.

    With `standard` the header Forwarded counts (RFC 7239), with the host that it names; else X-Forwarded-For and
    X-Forwarded-Proto do, and the host is that of the request.
    """

    def __init__(self, trusted: Iterable[Network], *, standard: bool = False) -> None:
        self._trusted = [*trusted]
        self._hops = _standard_hops if standard else _customary_hops
        self._known = lru_cache(maxsize=4096)(self._place)

    def apply(self, environ: WSGIEnvironment) -> None:
        """Sets REMOTE_ADDR, ``wsgi.url_scheme`` and HTTP_HOST of a request, and drops the headers of proxies."""
        hops = self._hops(environ)
        address, trusted = self._known(environ.get("REMOTE_ADDR", ""))
        scheme = host = ""
        while trusted:
            hop = next(hops, None)
            if hop is None:
                break
            scheme, host = hop.scheme or scheme, hop.host or host
            found, trusted = self._known(hop.address)
            if not found:
                break
            address = found
        for name in _HEADERS:
            environ.pop(name, None)
        if address:
            environ["REMOTE_ADDR"] = address
        if scheme:
            environ["wsgi.url_scheme"] = scheme
        if host:
            environ["HTTP_HOST"] = host

    def _place(self, text: str) -> tuple[str, bool]:
        """The normal form of an address, empty if it is none, and whether it is that of a trusted proxy."""
        address = _address(text)
        if address is None:
            return "", False
        return str(address), any(address in network for network in self._trusted)


def network_of(given: str) -> Network:
    """The network that an operator names, or that of the one address. Raises KelisimError for anything else."""
    try:
        network = ipaddress.ip_network(given.strip(), strict=False)
    except ValueError:
        raise KelisimError(
            f"{given!r} is no address or network of a proxy; give one such as 10.0.0.5, 10.0.0.0/24 or 2001:db8::/64. "
            "Names are not looked up."
        ) from None
    exact = given.partition("/")[0].strip()
    if "/" in given and ipaddress.ip_address(exact) != network.network_address:
        raise KelisimError(f"{given!r} is an address with the length of a network; give {network}, or {exact} alone.")
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped:
            network = ipaddress.ip_network((mapped, network.prefixlen - 96))
    if network.prefixlen == 0:
        raise KelisimError(f"{given!r} is everybody, and then anybody could claim any address; name the proxies.")
    return network


def _address(text: str) -> Address | None:
    """An address without zone, an IPv4-mapped one as the IPv4 address that it is (RFC 4291, section 2.5.5.2)."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


def _node(text: str) -> str:
    """The address of a node with or without its port; empty if it has none."""
    if match := _NODE.fullmatch(text):
        return match["six"] or match["four"]
    return text if ":" in text and "%" not in text else ""


def _scheme(text: str) -> str:
    lower = text.strip().lower()
    return lower if lower in ("http", "https") else ""


def _customary_hops(environ: WSGIEnvironment) -> Iterator[Hop]:
    """The entries of X-Forwarded-For from the right, each with that of X-Forwarded-Proto, if these are as many.

    A single scheme is that of the outermost proxy, which is said of all; of another number nothing can be said.
    """
    addresses = _last(environ.get("HTTP_X_FORWARDED_FOR", ""))
    schemes = [_scheme(s) for s in _last(environ.get("HTTP_X_FORWARDED_PROTO", ""))]
    if len(schemes) != len(addresses):
        schemes = (schemes if len(schemes) == 1 else [""]) * len(addresses)
    for address, scheme in zip(addresses, schemes, strict=True):
        yield Hop(_node(address), scheme)


def _last(header: str) -> list[str]:
    return [entry.strip() for entry in header.rsplit(",", HOPS)[::-1][:HOPS]]


def _standard_hops(environ: WSGIEnvironment) -> Iterator[Hop]:
    """The elements of Forwarded from the right, up to the first that is malformed.

    Each is the shortest well-formed one after a comma: what a client left open further left, such as a quotation mark,
    cannot hide what a proxy wrote after it.
    """
    rest = environ.get("HTTP_FORWARDED", "")
    for _ in range(HOPS):
        end, pairs = len(rest), None
        while pairs is None and end >= 0 and len(rest) - end < _ELEMENT_LENGTH:
            end = rest.rfind(",", 0, end)
            pairs = _pairs(rest[end + 1 :])
        if not pairs:
            return
        yield Hop(_node(pairs.get("for", "")), _scheme(pairs.get("proto", "")), _host(pairs.get("host", "")))
        if end < 0:
            return
        rest = rest[:end]


def _pairs(element: str) -> dict[str, str] | None:
    """The parameters of an element, their names in small letters; None if it is malformed or names one twice."""
    found: dict[str, str] = {}
    at = 0
    while match := _PAIR.match(element, at):
        name, value = match[1].lower(), match[2]
        if name in found:
            return None
        found[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value
        at = match.end()
        if at == len(element):
            return found
        if element[at] != ";":
            return None
        at += 1
    return None


def _host(text: str) -> str:
    return text if text and HOST.fullmatch(text) else ""
