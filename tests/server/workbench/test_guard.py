"""Only the browser that was given the token gets in, only at the loopback address, and only from its own pages."""

from urllib.request import Request

import psutil
import pytest

from tests.server.workbench.conftest import Curating


@pytest.fixture
def bench(running: Curating) -> Curating:
    """The shared workbench: what these tests send changes nothing."""
    return running


PAGES = ["/", "/?at=2-1", "/findings", "/things?q=a", "/new?at=2-1&recipe=kel:Visit", "/nowhere"]
CHANGES = ["/do", "/check", "/new?at=2-1&recipe=kel:Visit", "/things/new", "/judged"]


@pytest.mark.parametrize("path", PAGES)
def test_without_the_token_nothing_is_shown(bench: Curating, path: str) -> None:
    stranger = Curating(bench.process, bench.entry, bench.data)
    answer = stranger.get(path)
    assert answer.status == 403
    assert "Gazette" not in answer.text
    assert "kelisim curate" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_wrong_token_is_no_token(bench: Curating) -> None:
    stranger = Curating(bench.process, bench.entry, bench.data)
    assert stranger.get("/?token=guessed").status == 403
    assert stranger.get("/").status == 403


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address(bench: Curating) -> None:
    answer = bench.enter()
    assert answer.status == 200
    assert answer.url == f"{bench.base}/"
    assert "Gazette" in answer.text


def test_the_cookie_is_sent_to_no_other_site_and_read_by_no_script(bench: Curating) -> None:
    import http.client

    host = bench.base.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    connection.request("GET", bench.entry.removeprefix(bench.base))
    response = connection.getresponse()
    cookie = response.headers["Set-Cookie"]
    connection.close()
    assert response.status == 303
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "[::1]:1", "localhost.evil.example"])
def test_another_host_is_refused_even_with_the_token(bench: Curating, host: str) -> None:
    """A name that an attacker points at this machine (DNS rebinding)."""
    bench.enter()
    for path in ("/", bench.entry.removeprefix(bench.base), "/static/style.css"):
        assert bench.ask(Request(bench.base + path, headers={"Host": host})).status == 403, path


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", None])
def test_a_page_of_another_site_changes_nothing(bench: Curating, path: str, origin: str | None) -> None:
    bench.enter()
    headers = {"Origin": origin} if origin else {}
    body = f"secret={bench.secret}&do=save".encode()
    assert bench.ask(Request(bench.base + path, data=body, headers=headers)).status == 403


def test_a_form_without_its_secret_changes_nothing(bench: Curating) -> None:
    bench.enter()
    for body in (b"do=save", b"do=save&secret=guessed"):
        request = Request(f"{bench.base}/do", data=body, headers={"Origin": bench.base})
        assert bench.ask(request).status == 403


def test_pages_run_scripts_of_this_address_alone_and_are_shown_in_no_frame(bench: Curating) -> None:
    bench.enter()
    for path in ("/", "/things?q=a", "/nowhere"):
        headers = bench.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_it_goes_back_to_no_other_site(bench: Curating) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example/"):
        assert bench.post("/do", do="undo", back=elsewhere).url == f"{bench.base}/"


def test_it_listens_on_the_loopback_address_alone(bench: Curating) -> None:
    listening = [c for c in psutil.Process(bench.process.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert [c.laddr.ip for c in listening] == ["127.0.0.1"]
