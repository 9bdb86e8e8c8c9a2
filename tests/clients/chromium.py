"""A page of another origin in a real browser, which asks the endpoint with headers that need leave (CORS)."""

import csv
import io
import json
import shutil
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from playwright.sync_api import Page, sync_playwright

from tests.clients.script import ASK, Access, Client, Missing, equal, objects

FETCH = """async ([address, options]) => {
  const answer = await fetch(address, options);
  return [answer.status, answer.headers.get("Content-Type"), answer.headers.get("ETag"), await answer.text()];
}"""


class Chromium(Client):
    """fetch in Chromium, each request from a page of its own."""

    name = "Chromium, other origin"

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        found = shutil.which("chromium")
        if not found:
            raise Missing("there is no chromium (make browser)")
        self.chromium = found

    def version(self) -> str:
        said = subprocess.run([self.chromium, "--version"], capture_output=True, text=True, check=True).stdout
        return f"{said.split()[1]}, playwright {version('playwright')}"

    def fetch(self, address: str, **options: object) -> tuple[str, str, str]:
        """Content-Type, ETag and text of an answer."""
        with _page(self.chromium) as page:
            status, media_type, tag, text = page.evaluate(FETCH, [address, options])
        if status >= 300:
            raise RuntimeError(f"{status} {text}")
        return media_type, tag, text

    def query(self, query: str, **parameters: str) -> tuple[str, str, str]:
        address = f"{self.access.endpoint}?{urllib.parse.urlencode({'query': query, **parameters})}"
        return self.fetch(address, headers={"X-Requested-With": "tests"})

    def ask(self, query: str) -> bool:
        return bool(json.loads(self.query(query)[2])["boolean"])

    def select(self, query: str) -> list[str]:
        return [row[0] for row in csv.reader(io.StringIO(self.query(query, format="csv")[2]))][1:]

    def construct(self, query: str) -> list[str]:
        media_type, _, text = self.query(query)
        return objects(text, media_type)

    def update(self, update: str) -> None:
        headers = {"Authorization": f"Bearer {self.access.token}", "Content-Type": "application/sparql-update"}
        self.fetch(self.access.endpoint, method="POST", body=update, headers=headers)

    def more(self, graph: str) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "ETag is seen", lambda: equal(bool(self.query(ASK)[1]), True)


class _Empty(BaseHTTPRequestHandler):
    """A server of one empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another origin</title>")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def _page(chromium: str) -> Iterator[Page]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Empty) as other, sync_playwright() as playwright:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        try:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{other.server_port}/")
            yield page
        finally:
            browser.close()
            other.shutdown()
