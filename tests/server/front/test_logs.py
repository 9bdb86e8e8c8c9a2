"""The access log and the query log: one complete JSON line per request, for any input."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from ontology import KelisimError
from server.front.logs import LINE_BYTES, AccessLog, LineLog, QueryLog, query_hash
from server.front.observation import RequestRecord
from tests.conftest import ROOT

QUERY = "SELECT * WHERE { ?s ?p ?o }\n"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_what_an_access_line_says(tmp_path: Path) -> None:
    log = LineLog(str(tmp_path / "access.log"))
    environ = EnvironBuilder("/pagé?secret", headers=[("User-Agent", "test/1")]).get_environ()
    environ["REMOTE_ADDR"] = "192.0.2.1"
    AccessLog(log)(RequestRecord(environ, 200, 7, 1_700_000_000.5, 0.25, True))
    assert lines(tmp_path / "access.log") == [
        {
            "time": "2023-11-14T22:13:20.500Z",
            "client": "192.0.2.1",
            "method": "GET",
            "path": "/pagé",
            "status": 200,
            "duration_ms": 250.0,
            "bytes": 7,
            "user_agent": "test/1",
            "cache": None,
            "complete": True,
        }
    ]
    assert (tmp_path / "access.log").stat().st_mode & 0o777 & ~0o640 == 0


def test_what_a_query_line_says(tmp_path: Path) -> None:
    log = LineLog(str(tmp_path / "query.log"))
    environ = {"kelisim.query": QUERY, "kelisim.rows": 2}
    QueryLog(log)(RequestRecord(environ, 200, 7, 1_700_000_000.5, 0.25, True))
    assert lines(tmp_path / "query.log") == [
        {
            "time": "2023-11-14T22:13:20.500Z",
            "hash": hashlib.sha256(QUERY.encode()).hexdigest()[:16],
            "duration_ms": 250.0,
            "rows": 2,
            "bytes": 7,
            "outcome": "ok",
        }
    ]


def test_only_queries_are_in_the_query_log(tmp_path: Path) -> None:
    QueryLog(LineLog(str(tmp_path / "query.log")))(record({}))
    assert not lines(tmp_path / "query.log")


def test_a_hash_is_taken_as_it_is() -> None:
    digest = hashlib.sha256(QUERY.encode()).hexdigest()
    assert query_hash(QUERY) == query_hash(digest) == query_hash(digest[:16]) == digest[:16]


@pytest.mark.parametrize(
    ("status", "complete", "more", "outcome"),
    [
        (200, True, {}, "ok"),
        (304, True, {}, "not-modified"),
        (400, True, {}, "malformed"),
        (404, True, {}, "refused"),
        (413, True, {}, "too-large"),
        (422, True, {}, "invalid"),
        (429, True, {}, "rate-limited"),
        (500, False, {}, "failed"),
        (503, True, {}, "unavailable"),
        (503, True, {"kelisim.outcome": "timeout"}, "timeout"),
        (200, False, {}, "aborted"),
    ],
)
def test_outcomes(tmp_path: Path, status: int, complete: bool, more: dict[str, str], outcome: str) -> None:
    QueryLog(LineLog(str(tmp_path / "query.log")))(
        record({"kelisim.query": QUERY, **more}, status=status, complete=complete)
    )
    (line,) = lines(tmp_path / "query.log")
    assert (line["outcome"], line["rows"]) == (outcome, None)


def record(more: dict[str, Any], status: int = 200, complete: bool = True) -> RequestRecord:
    environ = EnvironBuilder("/sparql").get_environ()
    environ.update(more)
    return RequestRecord(environ, status, 0, 0.0, 0.0, complete)


anything = st.text(st.characters(codec=None), max_size=2000) | st.text(
    '\r\n\t\0\x1b\x7f\u2028\u2029\x85"\\', max_size=50
)


@given(path=anything, agent=anything, method=anything, client=anything, query=anything)
def test_nothing_from_outside_can_forge_or_break_a_line(
    path: str, agent: str, method: str, client: str, query: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "log"
        log = LineLog(str(target))
        said = {
            "PATH_INFO": path,
            "HTTP_USER_AGENT": agent,
            "REQUEST_METHOD": method,
            "REMOTE_ADDR": client,
            "kelisim.query": query,
            "kelisim.outcome": agent,
        }
        finished = RequestRecord(said, 200, 0, 0.0, 0.0, True)
        AccessLog(log)(finished)
        QueryLog(log)(finished)
        log.close()
        raw = target.read_bytes()
    assert log.dropped == 0
    assert raw.count(b"\n") == len(raw.splitlines()) == 2
    assert all(32 <= byte < 127 for byte in raw if byte != 10)
    assert all(len(line) < LINE_BYTES for line in raw.splitlines())
    access, _ = (json.loads(line) for line in raw.splitlines())
    # Compared after a JSON round trip, which joins two adjacent lone surrogates.
    assert agent.startswith(access["user_agent"]) or json.loads(json.dumps(agent)).startswith(access["user_agent"])
    assert len(path) > 32 or access["path"] in {path, json.loads(json.dumps(path)), as_bytes(path)}


def as_bytes(path: str) -> str | None:
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return None


def test_a_log_that_cannot_be_opened_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(KelisimError, match="Cannot write the log"):
        LineLog(str(tmp_path / "missing" / "access.log"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system, which plays the full disk")
def test_a_full_disk_is_counted() -> None:
    log = LineLog("/dev/full")
    finished = record({"kelisim.query": QUERY})
    AccessLog(log)(finished)
    QueryLog(log)(finished)
    assert log.dropped == 2


def test_an_incomplete_line_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LineLog(str(tmp_path / "log"))
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: write(file, data[:5]))
        log.write({"number": 1})
    log.write({"number": 2})
    log.write({"number": 3})
    assert (tmp_path / "log").read_text().splitlines() == ['{"num', '{"number":2}', '{"number":3}']
    assert log.dropped == 1


def test_a_full_pipe_blocks_no_request(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = LineLog(str(pipe))
    while not log.dropped:
        log.write({"text": "x" * 900})
    os.close(reader)
    before = log.dropped
    log.write({"number": 1})  # the reader has closed the pipe
    assert log.dropped == before + 1
    log.close()
    log.write({"number": 2})
    assert log.dropped == before + 2


@pytest.mark.parametrize(("redirection", "expected"), [("2>&-", ""), ("2>err", '{"number":1}\n')])
def test_standard_error_open_and_closed(tmp_path: Path, redirection: str, expected: str) -> None:
    program = "from server.front.logs import LineLog; log = LineLog('-'); log.write({'number': 1}); print('served')"
    shell = f'exec "$0" -c "$1" {redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable, program],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert done.stdout == "served\n"
    error = tmp_path / "err"
    assert (error.read_text() if error.exists() else "") == expected
