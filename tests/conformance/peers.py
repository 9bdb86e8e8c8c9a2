"""The servers that the suite is run against, each installed outside this project and stopped after use.

Every server has the settings with which it passes most tests; those that are not its defaults are documented here.
"""

import os
import shutil
import socket
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


class Missing(Exception):  # noqa: N818 - a reason to leave a target out, not an error
    """The server is not available here; the message says why."""


# Its default graph is the union of all graphs, into which rdflib 7.6 cannot INSERT DATA; and FROM would be fetched.
RDFLIB_ENDPOINT = """
import sys, uvicorn, rdflib, rdflib.plugins.sparql as settings
from rdflib_endpoint import SparqlEndpoint
settings.SPARQL_DEFAULT_GRAPH_UNION = settings.SPARQL_LOAD_GRAPHS = False
port = int(sys.argv[1])
app = SparqlEndpoint(graph=rdflib.Dataset(), enable_update=True, public_url=f"http://127.0.0.1:{port}/")
uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical")
"""

# It has no default graph of its own: all graphs are, so one stands for it (Target.default_graph).
VIRTUOSO_GRAPH = "urn:x-default-graph"
VIRTUOSO_PACKAGES = ("virtuoso-opensource-7-bin", "libpcre3")
VIRTUOSO_GRANTS = "GRANT SPARQL_UPDATE TO \"SPARQL\";\nDB.DBA.RDF_DEFAULT_USER_PERMS_SET ('nobody', 7);\n"
VIRTUOSO_INI = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
SchedulerInterval = 10
NumberOfBuffers = 10000
CaseMode = 2
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 10
"""


@contextmanager
def kelisim(folder: Path) -> Iterator[Target]:
    """Kelisim on an empty store, with a token to read and write."""
    command, store = str(Path(sys.executable).with_name("kelisim")), str(folder / "store")
    said = subprocess.run([command, "serve", "--help"], capture_output=True, text=True, check=False).stdout
    if not all(option in said for option in ("--empty", "--store", "--allow-updates")):
        raise Missing("kelisim serve has no --empty --store --allow-updates yet")
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
    command, port = _installed(folder, "oxigraph") / "oxigraph", _free_port()
    url, name = f"http://127.0.0.1:{port}/", _said(str(command), "--version")
    options = ["--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    with _running([str(command), "serve", *options], f"{url}query"):
        yield Target(name.capitalize(), f"{url}query", f"{url}update", f"{url}store")


@contextmanager
def rdflib_endpoint(folder: Path) -> Iterator[Target]:
    """rdflib-endpoint over rdflib's own store."""
    python, port = str(_installed(folder, "rdflib-endpoint[cli]") / "python"), _free_port()
    version = _said(python, "-c", "import importlib.metadata as m; print(m.version('rdflib-endpoint'))")
    url = f"http://127.0.0.1:{port}/"
    with _running([python, "-c", RDFLIB_ENDPOINT, str(port)], url):
        yield Target(f"rdflib-endpoint {version}", url, url)


@contextmanager
def virtuoso(folder: Path) -> Iterator[Target]:
    """Debian's Virtuoso: the installed one, else its packages unpacked without installing them."""
    environment = {**os.environ}
    binaries = Path(found).parent if (found := shutil.which("virtuoso-t")) else _unpacked(folder, environment)
    data, http, sql = folder / "data", _free_port(), _free_port()
    data.mkdir(parents=True)
    (data / "virtuoso.ini").write_text(VIRTUOSO_INI.format(http=http, sql=sql), encoding="utf-8")
    url = f"http://127.0.0.1:{http}/"
    command = [str(binaries / "virtuoso-t"), "+configfile", "virtuoso.ini", "+foreground"]
    with _running(command, f"{url}sparql", cwd=data, environment=environment):
        isql = [str(binaries / "isql-vt"), f"127.0.0.1:{sql}", "dba", "dba"]
        subprocess.run(isql, input=VIRTUOSO_GRANTS, text=True, capture_output=True, env=environment, check=True)
        version = (
            _said(str(binaries / "virtuoso-t"), "-?", environment=environment).partition("Version ")[2].split("-")[0]
        )
        store = f"{url}sparql-graph-crud"
        yield Target(f"Virtuoso {version}", f"{url}sparql", f"{url}sparql", store, default_graph=VIRTUOSO_GRAPH)


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
        raise Missing(f"pip could not install {package}")
    return binaries


def _unpacked(folder: Path, environment: dict[str, str]) -> Path:
    root = folder / "root"
    try:
        subprocess.run(["apt-get", "download", *VIRTUOSO_PACKAGES], cwd=folder, capture_output=True, check=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(root)], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"there is no virtuoso-t, and Debian's packages cannot be fetched ({error})") from error
    folders = {str(library.parent) for library in root.rglob("lib*.so*")}
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(sorted(folders))
    return root / "usr" / "bin"


@contextmanager
def _running(
    command: list[str], url: str, *, cwd: Path | None = None, environment: dict[str, str] | None = None
) -> Iterator[None]:
    """Starts a server, waits until it answers at ``url``, and terminates it afterwards."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        until = time.monotonic() + 60
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise Missing(f"{Path(command[0]).name} did not start")
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


def _said(*command: str, environment: dict[str, str] | None = None) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return (ran.stdout or ran.stderr).strip()


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
