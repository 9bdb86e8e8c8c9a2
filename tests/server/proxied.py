"""nginx as `server/deployment/nginx.conf` has it, before servers of a test, in a folder of its own."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.http import free_port

CONFIGURATION = ROOT / "server" / "deployment" / "nginx.conf"
NAME = "kelisim.example"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


def need_nginx() -> str:
    """The program; skips the test where it or openssl is missing."""
    if not NGINX or not shutil.which("openssl"):
        pytest.skip("nginx or openssl is not here (make proxy installs them), so nothing was asked through nginx")
    return NGINX


@dataclass(frozen=True)
class Proxy:
    """A running nginx: the ports of HTTPS and HTTP, its folder, its process."""

    port: int
    plain: int
    folder: Path
    process: subprocess.Popen[bytes]

    def connect(self, source: str = "127.0.0.1", name: str = NAME) -> ssl.SSLSocket:
        """A TLS connection from an address of this machine, which trusts the certificate of `certify` alone."""
        context = ssl.create_default_context(cafile=self.folder / "tls" / "fullchain.pem")
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60, source_address=(source, 0))
        return context.wrap_socket(plain, server_hostname=name)

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection(NAME)
        connection.sock = self.connect(source)
        try:
            connection.request(method, target, body, {"Connection": "close", **(headers or {})})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()


def certify(folder: Path) -> None:
    """Writes a certificate for `NAME`, signed by itself."""
    folder.mkdir()
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    command += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(command, check=True, capture_output=True)


def configure(folder: Path, servers: dict[str, int], port: int, plain: int) -> Path:
    """Writes the configuration with the test's addresses, certificate and folders in place of those of the image."""
    (folder / "cache").mkdir()
    text = CONFIGURATION.read_text(encoding="utf-8")
    for name, at in servers.items():
        text, found = re.subn(rf"\b{name}:8000\b", f"127.0.0.1:{at}", text)
        assert found
    for old, new in (
        ("/etc/nginx/tls", f"{folder}/tls"),
        ("/var/cache/nginx", f"{folder}/cache"),
        ("/tmp/nginx", f"{folder}/nginx"),
        ("/dev/stderr", f"{folder}/errors.log"),
        ("/dev/stdout", f"{folder}/requests.log"),
        ("listen 8080", f"listen 127.0.0.1:{plain}"),
        ("listen 8443", f"listen 127.0.0.1:{port}"),
    ):
        assert old in text
        text = text.replace(old, new)
    file = folder / "nginx.conf"
    file.write_text(text, encoding="utf-8")
    return file


@contextmanager
def proxying(folder: Path, servers: dict[str, int]) -> Iterator[Proxy]:
    """Runs nginx in an empty folder before servers: the ports of ``writer``, ``replica-1`` and ``replica-2``."""
    program = need_nginx()
    port, plain = free_port(), free_port()
    certify(folder / "tls")
    file = configure(folder, servers, port, plain)
    run = [program, "-p", str(folder), "-c", str(file)]
    tried = subprocess.run([*run, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr
    own = "" if os.geteuid() else "user root; "  # else its workers may not enter the folder
    process = subprocess.Popen([*run, "-g", f"{own}daemon off;"])
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Proxy(port, plain, folder, process)
    finally:
        process.terminate()
        process.wait(timeout=20)
