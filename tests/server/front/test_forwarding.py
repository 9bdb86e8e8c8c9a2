"""What proxies say of their clients: believed of those that the operator names, and of nobody else."""

import json
import socket
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ontology import KelisimError
from server.commands.cli import cli
from server.front.forwarding import HOPS, Forwarding, network_of
from tests.conftest import serving
from tests.waiting import becomes

PROXIES = ("10.0.0.0/24", "2001:db8:ffff::/48", "127.0.0.1")
NETWORKS = [network_of(p) for p in PROXIES]


def seen(peer: str, *, standard: bool = False, **headers: str) -> tuple[str, str, str]:
    """The address, scheme and host that the application sees."""
    environ = {"REMOTE_ADDR": peer, "HTTP_HOST": "inner", **{f"HTTP_{n.upper()}": v for n, v in headers.items()}}
    Forwarding(NETWORKS, standard=standard).apply(environ)
    assert not [name for name in environ if "FORWARDED" in name]
    return environ["REMOTE_ADDR"], environ.get("wsgi.url_scheme", ""), environ["HTTP_HOST"]


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        ("10.0.0.7", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "6.6.6.6, 203.0.113.9, 10.0.0.8", "203.0.113.9"),
        ("10.0.0.7", "10.0.0.9, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "10.0.0.9, 10.0.0.8", "10.0.0.9"),
        ("10.0.0.7", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.7", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.7", "2001:DB8:0::1", "2001:db8::1"),
        ("10.0.0.7", "203.0.113.9, ::ffff:10.0.0.8", "203.0.113.9"),
        ("10.0.0.7", "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:10.0.0.7", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:ffff::1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "203.0.113.9,", "10.0.0.7"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "203.0.113.9, unknown", "10.0.0.7"),
        ("10.0.0.7", "203.0.113.9, unknown, 10.0.0.8", "10.0.0.8"),
        ("10.0.0.7", "203.0.113.300", "10.0.0.7"),
        ("10.0.0.7", "203.0.113.09", "10.0.0.7"),
        ("10.0.0.7", "fe80::1%eth0", "10.0.0.7"),
        ("10.0.0.7", "[203.0.113.9]", "10.0.0.7"),
        ("10.0.0.7", '203.0.113.9"', "10.0.0.7"),
        ("10.0.0.7", "٢.2.2.2", "10.0.0.7"),
        ("10.0.1.7", "203.0.113.9", "10.0.1.7"),
        ("192.0.2.1", "10.0.0.7", "192.0.2.1"),
        ("2001:db8::1", "203.0.113.9", "2001:db8::1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(peer: str, header: str, client: str) -> None:
    assert seen(peer, x_forwarded_for=header)[0] == client


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("for=203.0.113.9", ("203.0.113.9", "", "inner")),
        ("For=203.0.113.9;Proto=HTTPS;by=10.0.0.7", ("203.0.113.9", "https", "inner")),
        ('for="[2001:db8::1]:4711" ; proto=https', ("2001:db8::1", "https", "inner")),
        ('for=203.0.113.9;host="outer.example:8443"', ("203.0.113.9", "", "outer.example:8443")),
        ('for=203.0.113.9;host="a b"', ("203.0.113.9", "", "inner")),
        ("for=203.0.113.9;proto=ftp", ("203.0.113.9", "", "inner")),
        (
            "for=6.6.6.6;host=evil, for=203.0.113.9;proto=https;host=outer, for=10.0.0.8;proto=http;host=mid",
            ("203.0.113.9", "https", "outer"),
        ),
        ("for=203.0.113.9;proto=https;host=outer, for=10.0.0.8;proto=http", ("203.0.113.9", "https", "outer")),
        ('for="6.6.6.6, for=203.0.113.9', ("203.0.113.9", "", "inner")),
        (r'for="\", for=203.0.113.9', ("203.0.113.9", "", "inner")),
        ('for=6.6.6.6;host="x, for=203.0.113.9;host="a,b"', ("203.0.113.9", "", "a,b")),
        (r'for=203.0.113.9;host="a, for=\"6.6.6.6\""', ("203.0.113.9", "", "inner")),
        ("for=_secret;proto=https", ("10.0.0.7", "https", "inner")),
        ("for=unknown", ("10.0.0.7", "", "inner")),
        ("for=203.0.113.9;for=6.6.6.6", ("10.0.0.7", "", "inner")),
        ("for=203.0.113.9;", ("10.0.0.7", "", "inner")),
        ("for = 203.0.113.9", ("10.0.0.7", "", "inner")),
        ("for=2001:db8::1", ("10.0.0.7", "", "inner")),
        ("203.0.113.9", ("10.0.0.7", "", "inner")),
        ("for=203.0.113.9, ", ("10.0.0.7", "", "inner")),
        ("," * 5000 + "for", ("10.0.0.7", "", "inner")),
    ],
)
def test_the_header_of_rfc_7239(header: str, found: tuple[str, str, str]) -> None:
    assert seen("10.0.0.7", standard=True, forwarded=header) == found
    assert seen("192.0.2.1", standard=True, forwarded=header) == ("192.0.2.1", "", "inner")


@pytest.mark.parametrize(
    ("client", "schemes", "scheme"),
    [
        ("203.0.113.9", "https", "https"),
        ("203.0.113.9, 10.0.0.8", "https", "https"),
        ("203.0.113.9, 10.0.0.8", "https, http", "https"),
        ("6.6.6.6, 203.0.113.9", "https, http", "http"),
        ("203.0.113.9", "https, http", ""),
        ("203.0.113.9", "gopher", ""),
        ("203.0.113.9", "https://evil", ""),
        ("203.0.113.9", "", ""),
    ],
)
def test_the_scheme_is_that_of_the_client(client: str, schemes: str, scheme: str) -> None:
    assert seen("10.0.0.7", x_forwarded_for=client, x_forwarded_proto=schemes)[1] == scheme
    assert seen("192.0.2.1", x_forwarded_for=client, x_forwarded_proto=schemes)[1] == ""


def test_one_family_of_headers_counts() -> None:
    both = {"forwarded": "for=6.6.6.6;host=evil", "x_forwarded_for": "203.0.113.9", "x_forwarded_host": "evil"}
    assert seen("10.0.0.7", standard=False, **both) == ("203.0.113.9", "", "inner")
    assert seen("10.0.0.7", standard=True, **both) == ("6.6.6.6", "", "evil")


def test_a_header_of_endless_hops_is_read_only_so_far() -> None:
    inner = ", ".join(f"10.0.0.{n % 250 + 1}" for n in range(1000))
    assert seen("10.0.0.7", x_forwarded_for=f"203.0.113.9, {inner}")[0] == f"10.0.0.{(1000 - HOPS) % 250 + 1}"


ADDRESSES = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str) | st.sampled_from(["10.0.0.8", "10.0.0.9"])


@given(forged=st.text(st.characters(codec="latin-1", exclude_characters="\r\n")), chain=st.lists(ADDRESSES, min_size=1))
def test_what_a_client_sends_changes_nothing_that_proxies_write(forged: str, chain: list[str]) -> None:
    """The model: from the right, the first address outside the networks; the forged part may stand to its left only."""
    trusted = [any(ip_address(a) in n for n in map(ip_network, PROXIES)) for a in chain]
    if all(trusted) or len(chain) >= HOPS:
        return
    (*_, client) = [a for a, t in zip(chain, trusted, strict=True) if not t]
    mapped = getattr(ip_address(client), "ipv4_mapped", None)
    wanted = str(mapped or ip_address(client))
    standard = ", ".join(f'for="[{a}]"' if ":" in a else f"for={a}" for a in chain)
    assert seen("10.0.0.7", x_forwarded_for=", ".join([forged, *chain]))[0] == wanted
    assert seen("10.0.0.7", standard=True, forwarded=f"{forged}, {standard}")[0] == wanted


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("nginx", "Names are not looked up"),
        ("10.0.0.5/24", "give 10.0.0.0/24, or 10.0.0.5 alone"),
        ("0.0.0.0/0", "everybody"),
        ("::/0", "everybody"),
        ("::ffff:0.0.0.0/96", "everybody"),
        ("10.0.0.0/33", "no address or network"),
        ("unix:/run/x", "no address or network"),
        ("", "no address or network"),
    ],
)
def test_what_is_no_proxy_is_refused(option: str, words: str) -> None:
    with pytest.raises(KelisimError, match=words):
        network_of(option)
    done = CliRunner().invoke(cli, ["serve", "--trusted-proxy", option, "--port", "0"])
    assert done.exit_code == 1
    assert words in " ".join(done.output.split())


def test_the_header_needs_a_proxy() -> None:
    done = CliRunner().invoke(cli, ["serve", "--forwarded", "--port", "0"])
    assert done.exit_code == 1
    assert "--trusted-proxy" in done.output


def test_mapped_networks_are_those_of_ipv4() -> None:
    assert network_of("::ffff:10.0.0.0/104") == ip_network("10.0.0.0/8")


class Running:
    """A server on all addresses of both families that trusts 127.0.0.1 and ::1, with its access log."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    def send(self, head: str, source: str = "127.0.0.1", target: str = "") -> str:
        """The response to a request whose header lines these are, from an address of this machine."""
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(20)
            connection.bind((source, 0))
            connection.connect(("::1" if ":" in source else "127.0.0.1", self.port))
            lines = f"GET {target or '/robots.txt'} HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n{head}\r\n"
            connection.sendall(lines.encode("latin-1"))
            parts = []
            while part := connection.recv(1 << 16):
                parts.append(part)
        return b"".join(parts).decode("latin-1")

    def client_of(self, head: str, source: str = "127.0.0.1") -> str:
        """The client in the log of such a request."""
        before = self._clients()
        assert self.send(head, source).startswith("HTTP/1.1 ")
        assert becomes(lambda: len(self._clients()) > len(before))
        return self._clients()[-1]

    def _clients(self) -> list[str]:
        return [json.loads(line)["client"] for line in self.log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def running(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("forwarding") / "access.jsonl"
    options = ["--host", "::", "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "::1", "--rate", "5"]
    with serving(kelisim, *options, "--access-log", str(log)) as started:
        yield Running(int(started.address.rstrip("/").rpartition(":")[2]), log)


@pytest.mark.parametrize(
    ("source", "client"),
    [("127.0.0.1", "203.0.113.1"), ("::1", "203.0.113.1"), ("127.0.0.2", "127.0.0.2")],
)
def test_over_sockets_the_log_has_the_client(running: Running, source: str, client: str) -> None:
    assert running.client_of("X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 203.0.113.1\r\n", source) == client
    assert running.client_of("X-Forwarded-For: nonsense\r\n", source) == source
    assert (
        running.client_of("X_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n", source)
        == source
    )


def test_over_sockets_a_malformed_request_is_logged_with_its_client(running: Running) -> None:
    assert running.client_of("X-Forwarded-For: 203.0.113.2\r\nTransfer-Encoding: chunked, gzip\r\n") == "203.0.113.2"


def test_over_sockets_links_have_the_scheme_of_the_client(running: Running) -> None:
    secure = "X-Forwarded-For: 203.0.113.3\r\nX-Forwarded-Proto: https\r\n"
    for _ in range(2):  # the second time from the cache, which keeps both apart
        assert "Sitemap: https://inner/" in running.send(secure)
        assert "Sitemap: http://inner/" in running.send("X-Forwarded-For: 203.0.113.4\r\n")
        assert "Sitemap: http://inner/" in running.send(secure, "127.0.0.3")


def test_over_sockets_each_client_has_a_rate(running: Running) -> None:
    def statuses(head: str, source: str = "127.0.0.1") -> set[str]:
        return {running.send(head.format(n), source, "/sparql?query=ASK%7B%7D").split()[1] for n in range(40)}

    assert statuses("X-Forwarded-For: 203.0.113.5\r\n") == {"200", "429"}
    assert statuses("X-Forwarded-For: 198.51.100.{}\r\n") == {"200"}
    assert statuses("X-Forwarded-For: 198.51.100.{}, 203.0.113.6\r\n") == {"200", "429"}, (
        "the left part is the client's"
    )
    assert statuses("X-Forwarded-For: 198.51.100.{}\r\n", "127.0.0.4") == {"200", "429"}, "and no proxy sent these"
