"""Virtuoso 7, from Debian: the default graph is the union of all graphs, writers prove themselves by HTTP Digest."""

import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.engines.server import EngineServer, MissingEngineError
from tests.http import free_port

_SETTINGS: Final = """
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
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
CaseMode = 2
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 10
"""
"""Debian's own settings, in /etc/virtuoso-opensource-7, differ in the sizes and the folders."""

_OPEN: Final = "GRANT SPARQL_UPDATE TO \"SPARQL\";\nDB.DBA.RDF_DEFAULT_USER_PERMS_SET ('nobody', 7);\n"
_USER: Final = """DB.DBA.USER_CREATE ('{user}', '{password}');
GRANT SPARQL_UPDATE TO "{user}";
DB.DBA.RDF_DEFAULT_USER_PERMS_SET ('{user}', 7);
"""


class Virtuoso(EngineServer):
    """Virtuoso with a user who may write, at addresses that ask for a password.

    With `open_updates` everybody may write, at the addresses of the queries. `buffers` are pages of 8 kB.
    """

    name = "virtuoso"
    union_default_graph = True
    authentication = "digest"

    def __init__(self, folder: Path, *, open_updates: bool = False, buffers: int = 10_000) -> None:
        super().__init__(folder)
        self._open = open_updates
        self._buffers = buffers
        self._sql = free_port()
        self.user, self.password = "publisher", secrets.token_hex(8)

    @property
    def query_url(self) -> str:
        return f"{self.address}sparql"

    @property
    def update_url(self) -> str:
        return f"{self.address}sparql" if self._open else f"{self.address}sparql-auth"

    @property
    def graphs_url(self) -> str:
        return f"{self.address}sparql-graph-crud" if self._open else f"{self.address}sparql-graph-crud-auth"

    @property
    def version(self) -> str:
        """Its version, such as 7.2.5.1."""
        said = subprocess.run([_program("virtuoso-t"), "-?"], capture_output=True, text=True, check=False)
        return (said.stdout + said.stderr).partition("Version ")[2].partition("-")[0]

    def _command(self) -> Sequence[str | Path]:
        program = _program("virtuoso-t")
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = _SETTINGS.format(
            http=self._port, sql=self._sql, buffers=self._buffers, dirty=self._buffers * 6 // 10
        )
        settings += f"[SPARQL]\nMaxQueryExecutionTime = {self.seconds}\n" if self.seconds else ""
        (self.folder / "virtuoso.ini").write_text(settings, encoding="utf-8")
        (self.folder / "virtuoso.lck").unlink(missing_ok=True)  # left by a killed one
        return [program, "+configfile", "virtuoso.ini", "+foreground"]

    def _prepare(self) -> None:
        self.sql(_OPEN if self._open else _USER.format(user=self.user, password=self.password))

    def sql(self, statements: str) -> str:
        """Runs SQL as its administrator; gives what was printed."""
        command = [_program("isql-vt"), f"127.0.0.1:{self._sql}", "dba", "dba"]
        return subprocess.run(command, input=statements, capture_output=True, text=True, check=True).stdout


def _program(name: str) -> str:
    if not (found := shutil.which(name)):
        raise MissingEngineError(f"there is no {name} (Debian's virtuoso-opensource-7-bin has it)")
    return found
