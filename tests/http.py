"""An HTTP client for tests: one request, returning errors as responses."""

import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from typing import Any

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def send(
    url: str, *, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Message, bytes]:
    """Status, headers and body of the response; follows redirects as urllib does."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def get_json(url: str) -> dict[str, Any]:
    """The document of an address, asked for as JSON, which must be there."""
    status, _, body = send(url, headers={"Accept": "application/json"})
    assert status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


def ask(server: str, query: str, **more: str) -> str:
    """The URL of a query."""
    return f"{server}sparql?" + urllib.parse.urlencode({"query": query, **more})


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
