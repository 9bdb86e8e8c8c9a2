"""Jena's engine in Java, from Debian, behind the server of ``JenaServer.java``: everything in memory, HTTP Basic.

No registry that we use has a Java server that speaks SPARQL: Debian has Jena and RDF4J as libraries alone, without
Fuseki and RDF4J Server; PyPI and npm have clients of them.
"""

import secrets
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.engines.server import EngineServer, MissingEngineError

_JARS: Final = Path("/usr/share/java")
_PROGRAM: Final = Path(__file__).with_name("JenaServer.java")
_NEEDED: Final = (
    *("jena-arq", "jena-base", "jena-core", "jena-iri", "jena-shacl", "jena-shex", "jena-dboe-base"),
    *("jena-dboe-index", "jena-dboe-storage", "jena-dboe-trans-data", "jena-dboe-transaction"),
    *("commons-cli", "commons-codec", "commons-compress", "commons-csv", "commons-io", "commons-lang3"),
    *("dexx.collection", "gson", "guava", "httpclient", "httpcore", "jackson-annotations", "jackson-core"),
    *("jackson-databind", "jakarta.json-api", "jsonld-java", "protobuf", "slf4j-api", "slf4j-nop", "thrift"),
    "titanium-json-ld",
)
_WRONG, _RIGHT = "org/apache/jena/ext/xerces/", "xerces/"
_AT_ONCE: Final = "-Dsun.net.httpserver.nodelay=true"
"""Without it each answer waits 40 ms for the acknowledgement of its headers (Nagle's algorithm, RFC 896)."""


class Jena(EngineServer):
    """Jena over HTTP; it begins empty at each start."""

    name = "jena"
    authentication = "basic"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.user, self.password = "publisher", secrets.token_hex(8)

    @property
    def query_url(self) -> str:
        return f"{self.address}sparql"

    @property
    def update_url(self) -> str:
        return f"{self.address}update"

    @property
    def graphs_url(self) -> str:
        return f"{self.address}graphs"

    def _command(self) -> Sequence[str | Path]:
        java = shutil.which("java")
        if not java or not shutil.which("javac"):
            raise MissingEngineError("there is no Java with its compiler (Debian's default-jdk-headless has it)")
        jars = [_JARS / f"{name}.jar" for name in _NEEDED]
        if missing := [jar.name for jar in jars if not jar.exists()]:
            raise MissingEngineError(f"Jena is not here (Debian's libapache-jena-java); missing: {', '.join(missing)}")
        path = ":".join(map(str, (_messages(self.folder / "messages"), *jars)))
        options = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", _AT_ONCE]
        return [java, *options, "-cp", path, _PROGRAM, str(self._port), self.user, self.password]


def _messages(folder: Path) -> Path:
    """A folder with the messages of Jena's copy of Xerces, where its classes look for them.

    Debian's package renames the classes and leaves the files where they were, so that no class of Jena loads.
    """
    with zipfile.ZipFile(_JARS / "jena-core.jar") as archive:
        for name in archive.namelist():
            if name.startswith(_WRONG) and name.endswith(".properties"):
                path = folder / name.replace(_WRONG, _RIGHT)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))
    return folder
