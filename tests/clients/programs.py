"""Clients that are programs of their own: curl, R, Jena, and packages for Node."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import zipfile
from pathlib import Path
from typing import Any, ClassVar

from tests.clients.in_python import USER
from tests.clients.script import Access, Client, Missing, Unable, objects

HERE = Path(__file__).parent
BUILD = HERE.parent.parent / "build" / "clients"
TIMEOUT = 120


def found(program: str, where: str = "") -> str:
    """The path of a program. Raises Missing."""
    path = shutil.which(program)
    if not path:
        raise Missing(f"there is no {program}{where}")
    return path


def output(command: list[str], token: str = "") -> str:
    """What a program writes; raises an error with all that it says if it ends with another status than 0."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TOKEN": token}
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=TIMEOUT, check=False, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


class Curl(Client):
    """curl with the token as the password of HTTP Basic."""

    name: ClassVar[str] = "curl, Basic"

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.curl = [found("curl"), "--silent", "--show-error", "--fail-with-body", self.access.endpoint]

    def version(self) -> str:
        return output([self.curl[0], "--version"]).split()[1]

    def credentials(self) -> list[str]:
        return ["--user", f"{USER}:{self.access.token}"]

    def send(self, field: str, text: str, *options: str) -> str:
        return output([*self.curl, "--data-urlencode", f"{field}={text}", *options])

    def ask(self, query: str) -> bool:
        return bool(json.loads(self.send("query", query))["boolean"])

    def select(self, query: str) -> list[str]:
        return [row[0] for row in csv.reader(io.StringIO(self.send("query", query, "--data", "format=csv")))][1:]

    def construct(self, query: str) -> list[str]:
        text, _, media_type = self.send("query", query, "--write-out", "\n%{content_type}").rpartition("\n")
        return objects(text, media_type)

    def update(self, update: str) -> None:
        self.send("update", update, *self.credentials())


class CurlBearer(Curl):
    """curl with the token in a header."""

    name = "curl, Bearer"

    def credentials(self) -> list[str]:
        return ["--header", f"Authorization: Bearer {self.access.token}"]


class R(Client):
    """R's own read.csv from the address of a query."""

    name = "R read.csv"
    package = "base"
    told = "no text"  # R says the status only

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.r = found("Rscript", " (Debian: r-base-core)")
        for needed in {"base": ["utils"], "httr": ["httr", "xml2"], "SPARQL": ["SPARQL"]}[self.package]:
            try:
                self._version(needed)
            except RuntimeError as error:
                raise Missing(f"R has no package {needed} (Debian: r-cran-{needed.lower()})") from error

    def _version(self, package: str) -> str:
        return output([self.r, "-e", f'cat(as.character(packageVersion("{package}")))'])

    def version(self) -> str:
        if self.package == "base":
            return self._version("base")
        return f"{self._version(self.package)} on R {self._version('base')}"

    def r_says(self, form: str, text: str) -> str:
        script = str(HERE / "sparql.R")
        return output([self.r, script, self.package, form, self.access.endpoint, text], self.access.token)

    def select(self, query: str) -> list[str]:
        return self.r_says("select", query).splitlines()


class RHttr(R):
    """R with httr and xml2."""

    name = "R httr + xml2"
    package = "httr"
    told = ""

    def ask(self, query: str) -> bool:
        return self.r_says("ask", query).strip() == "true"

    def construct(self, query: str) -> list[str]:
        media_type, _, text = self.r_says("construct", query).partition("\n")
        return objects(text, media_type)

    def update(self, update: str) -> None:
        self.r_says("update", update)


class RSparql(R):
    """R with its package SPARQL, on RCurl and XML.

    RCurl finds a charset only in a header that is spelt Content-Type, while our server sends lower case; its option
    ``curl_args = list(.encoding = "UTF-8")`` sets it, which README tells.
    """

    name = "R SPARQL"
    package = "SPARQL"
    told = ""

    def select(self, query: str) -> list[str]:
        """It gives literals as they are in Turtle."""
        return _bare(self.r_says("select .encoding", query))

    def update(self, update: str) -> None:
        self.r_says("update", update)


def _bare(text: str) -> list[str]:
    """The values in lines that may be literals of Turtle."""
    return [line[1:].rpartition('"')[0] if line[:1] == '"' else line for line in text.splitlines()]


class Jena(Client):
    """Jena's rsparql and rupdate, with the token as the password in the address."""

    name = "Jena rsparql"
    told = "own"

    JARS: ClassVar[str] = (
        "jena-arq jena-base jena-cmds jena-core jena-iri jena-rdfconnection jena-dboe-base jena-dboe-storage "
        "jena-dboe-index jena-dboe-transaction jena-dboe-trans-data jena-shacl jena-shex jena-tdb jena-tdb2 "
        "commons-cli commons-codec commons-compress commons-csv commons-io commons-lang3 dexx.collection gson guava "
        "httpclient httpclient-cache httpcore jackson-core jackson-databind jackson-annotations jsonld-java slf4j-api "
        "slf4j-nop jcl-over-slf4j thrift titanium-json-ld protobuf jakarta.json-api"
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        java = Path("/usr/share/java")
        core = java / "jena-core.jar"
        if not core.exists():
            raise Missing("there is no jena-core.jar (Debian: libapache-jena-java)")
        messages = BUILD / "jena"
        with zipfile.ZipFile(core) as jar:  # Debian's package looks for them where they are not
            within = "org/apache/jena/ext/"
            for name in jar.namelist():
                if name.startswith(f"{within}xerces/") and name.endswith(".properties"):
                    target = messages / name.removeprefix(within)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(jar.read(name))
        jars = [str(messages), *(str(java / f"{name}.jar") for name in self.JARS.split())]
        self.java = [found("java"), "-cp", ":".join(jars)]

    def version(self) -> str:
        return output([*self.java, "arq.rsparql", "--version"]).split()[2]

    def query(self, query: str, *options: str) -> str:
        return output([*self.java, "arq.rsparql", "--service", self.access.endpoint, *options, query])

    def ask(self, query: str) -> bool:
        return "Yes" in self.query(query)

    def select(self, query: str) -> list[str]:
        return [row[0] for row in csv.reader(io.StringIO(self.query(query, "--results=csv")))][1:]

    def construct(self, query: str) -> list[str]:
        return objects(self.query(query), "text/turtle")

    def update(self, update: str) -> None:
        scheme, _, rest = self.access.endpoint.partition("://")
        address = f"{scheme}://{USER}:{urllib.parse.quote(self.access.token, safe='')}@{rest}"
        output([*self.java, "arq.rupdate", "--service", address, update])


class Node(Client):
    """A package for Node."""

    package: ClassVar[str]

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self.node = found(str(Path(sys.executable).with_name("node")))
        self.manifest = HERE / "node_modules" / self.package / "package.json"
        if not self.manifest.exists():
            raise Missing("npm did not install it")

    def version(self) -> str:
        return str(json.loads(self.manifest.read_text(encoding="utf-8"))["version"])

    def node_says(self, form: str, text: str) -> Any:
        script = str(HERE / "sparql.mjs")
        return json.loads(
            output([self.node, script, self.package, form, self.access.endpoint, text], self.access.token)
        )

    def ask(self, query: str) -> bool:
        return bool(self.node_says("ask", query))

    def select(self, query: str) -> list[str]:
        answer = self.node_says("select", query)
        if not isinstance(answer, list):
            raise Unable
        return [str(value) for value in answer]

    def construct(self, query: str) -> list[str]:
        return sorted(self.node_says("construct", query))

    def update(self, update: str) -> None:
        self.node_says("update", update)


class Comunica(Node):
    """Comunica, with the token as the password of HTTP Basic. It works updates out itself."""

    name = "Comunica"
    package = "@comunica/query-sparql"
    told = "own"


class Fetcher(Node):
    """fetch-sparql-endpoint, with the token in a header."""

    name = "fetch-sparql-endpoint"
    package = "fetch-sparql-endpoint"


ALL: list[type[Client]] = [Curl, CurlBearer, R, RHttr, RSparql, Jena, Comunica, Fetcher]
