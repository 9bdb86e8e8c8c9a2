"""The servers that the suite is run against, each installed outside this project and stopped after use.

Every server has the settings with which it passes most tests; those that are not its defaults are documented here.
"""

import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.conformance.target import Target
from tests.conftest import serving
from tests.engines.oxigraph import Oxigraph
from tests.engines.server import MissingEngineError
from tests.engines.virtuoso import Virtuoso
from tests.http import free_port

# Its default graph is the union of all graphs, into which rdflib 7.6 cannot INSERT DATA; and FROM would be fetched.
RDFLIB_ENDPOINT = """
import sys, uvicorn, rdflib, rdflib.plugins.sparql as settings
from rdflib_endpoint import SparqlEndpoint
settings.SPARQL_DEFAULT_GRAPH_UNION = settings.SPARQL_LOAD_GRAPHS = False
port = int(sys.argv[1])
app = SparqlEndpoint(graph=rdflib.Dataset(), enable_update=True, public_url=f"http://127.0.0.1:{port}/")
uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical")
"""

# Virtuoso has no default graph of its own: all graphs are, so one stands for it (Target.default_graph).
VIRTUOSO_GRAPH = "urn:x-default-graph"


@contextmanager
def kelisim(folder: Path) -> Iterator[Target]:
    """Kelisim on an empty store, with a token to read and write."""
    command, store = str(Path(sys.executable).with_name("kelisim")), str(folder / "store")
    said = subprocess.run([command, "serve", "--help"], capture_output=True, text=True, check=False).stdout
    if not all(option in said for option in ("--empty", "--store", "--allow-updates")):
        raise MissingEngineError("kelisim serve has no --empty --store --allow-updates yet")
    with serving(command, "--empty", "--store", store, "--allow-updates") as running:
        scopes = ("--scope", "query", "--scope", "update")
        made = subprocess.run(
            [command, "token", "create", "conformance", "--store", store, *scopes],
            capture_output=True,
            text=True,
            check=True,
        )
        url = running.address
        yield Target("Kelisim", f"{url}sparql", f"{url}sparql", f"{url}graphs", made.stdout.split()[-1])


@contextmanager
def oxigraph(folder: Path) -> Iterator[Target]:
    """The oxigraph server on a disk store."""
    with Oxigraph(folder) as server:
        yield Target(server.version, server.query_url, server.update_url, server.graphs_url)


@contextmanager
def rdflib_endpoint(folder: Path) -> Iterator[Target]:
    """rdflib-endpoint over rdflib's own store."""
    python, port = str(_installed(folder, "rdflib-endpoint[cli]") / "python"), free_port()
    version = _said(python, "-c", "import importlib.metadata as m; print(m.version('rdflib-endpoint'))")
    url = f"http://127.0.0.1:{port}/"
    with _running([python, "-c", RDFLIB_ENDPOINT, str(port)], url):
        yield Target(f"rdflib-endpoint {version}", url, url)


@contextmanager
def virtuoso(folder: Path) -> Iterator[Target]:
    """Debian's Virtuoso, where everybody may write."""
    with Virtuoso(folder, open_updates=True) as server:
        yield Target(
            f"Virtuoso {server.version}",
            server.query_url,
            server.update_url,
            server.graphs_url,
            default_graph=VIRTUOSO_GRAPH,
        )


TARGETS: dict[str, Callable[[Path], AbstractContextManager[Target]]] = {
    "kelisim": kelisim,
    "oxigraph": oxigraph,
    "virtuoso": virtuoso,
    "rdflib-endpoint": rdflib_endpoint,
}


def _installed(folder: Path, package: str) -> Path:
    """The folder of a package's commands, in a virtual environment of its own."""
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    command = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise MissingEngineError(f"pip could not install {package}")
    return binaries


@contextmanager
def _running(command: list[str], url: str) -> Iterator[None]:
    """Starts a server, waits until it answers at ``url``, and terminates it afterwards."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        until = time.monotonic() + 60
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise MissingEngineError(f"{Path(command[0]).name} did not start")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}?query=ASK%7B%7D", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _said(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return (ran.stdout or ran.stderr).strip()
