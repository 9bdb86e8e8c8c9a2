"""Replicas follow their writer through restarts, cuts, damage, compaction and restored backups, as real processes."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import count as counting
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from kg.history.history import History
from tests.conftest import Serving
from tests.http import ask, get_json, send
from tests.server.endpoint.test_writes import UPDATE, Client, make_token
from tests.server.front.cluster import (
    SECONDS,
    follows,
    insert,
    is_level,
    line_to,
    port_of,
    ready,
    replicating,
    state,
    writing,
)
from tests.waiting import becomes

EVERYTHING = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } ORDER BY ?s ?p ?o"
FRESH = counting(1000)
PUBLIC = "https://writer.example.org"


def test_the_folder_of_a_running_writer_is_left_alone(kelisim: str, tmp_path: Path) -> None:
    command = [kelisim, "serve", "--port", "0", "--replica-of", "http://127.0.0.1:9", "--store", str(tmp_path)]
    with History.create(tmp_path / "history", []):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "end that one first" in done.stderr
    assert len(done.stderr.splitlines()) == 1, "one error, and nothing of the processes that had begun"
    assert not (tmp_path / "history").is_symlink()


@pytest.fixture(scope="module")
def pair(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Serving]]:
    """A writer whose log everybody may follow, with some versions, and a replica of it."""
    folder = tmp_path_factory.mktemp("pair")
    with writing(kelisim, folder / "writer", "--open-log", "--origin", PUBLIC) as writer:
        insert(writer, 1, 2)
        assert writer.update("INSERT DATA { GRAPH <urn:g> { _:b <urn:q> 'é\\n' } }")[0] == 200
        with replicating(kelisim, writer.server, "--open-log") as replica:
            assert follows(replica.address, writer.server)
            yield writer, replica


def answer(server: str, query: str = EVERYTHING, **more: str) -> tuple[int, bytes]:
    status, _, body = send(ask(server, query, format="csv", **more))
    return status, body


def test_a_replica_answers_as_its_writer(pair: tuple[Client, Serving]) -> None:
    writer, replica = pair
    insert(writer, next(FRESH))
    assert follows(replica.address, writer.server)
    paths = ("changes.json", "diff/1/3?format=rdf-patch", "graphs?graph=urn:g&format=nquads", "data/dump.nq")
    for path in paths:
        assert send(f"{replica.address}{path}")[2] == send(f"{writer.server}{path}")[2], path
    for version in ("0", "2", "3", state(writer.server)[1]):
        assert answer(replica.address, version=version) == answer(writer.server, version=version)
    unknown = "SELECT * FROM <urn:unknown> { ?s ?p ?o }"
    assert answer(replica.address, unknown) == answer(writer.server, unknown)
    ours, theirs = (send(ask(server, EVERYTHING))[1]["ETag"] for server in (replica.address, writer.server))
    assert ours == theirs, "what one has, the other need not send again"


def test_changes_can_be_conditional_on_what_a_replica_said(pair: tuple[Client, Serving]) -> None:
    writer, replica = pair
    _, headers, _ = send(f"{replica.address}graphs?default")
    change = f"INSERT DATA {{ <urn:c> <urn:p> {next(FRESH)} }}"
    assert writer.update(change, **{"If-Match": headers["ETag"]})[0] == 200
    assert writer.update("DELETE WHERE { <urn:c> ?p ?o }", **{"If-Match": headers["ETag"]})[0] == 412


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "sparql", b"INSERT DATA { <urn:a> <urn:p> 1 }"),
        ("PUT", "graphs?default", b"<urn:a> <urn:p> 1 ."),
        ("DELETE", "graphs?graph=urn:g", None),
        ("POST", "compact", b""),
    ],
)
def test_changes_are_sent_to_the_writer(pair: tuple[Client, Serving], method: str, path: str, body: bytes) -> None:
    writer, replica = pair
    headers = UPDATE | writer.token if path == "sparql" else writer.token | {"Content-Type": "text/turtle"}
    status, found, told = send(f"{replica.address}{path}", method=method, body=body, headers=headers)
    assert status == 403
    assert found.get_content_type() == "application/problem+json"
    assert found["Link"].startswith(f'<{PUBLIC}/>; rel="edit"')
    assert f"{PUBLIC}/" in json.loads(told)["detail"]
    assert ready(replica.address)["of"] == f"{PUBLIC}/"


@pytest.mark.parametrize(
    "path", ["sparql?format=csv&query=ASK%7B%7D", "graphs?default&format=nquads", "sparql?query=ASK%7B%7D"]
)
def test_a_version_that_is_on_its_way_is_waited_for(pair: tuple[Client, Serving], path: str) -> None:
    writer, replica = pair
    number = state(writer.server)[0] + 1
    timer = threading.Timer(0.5, insert, (writer, next(FRESH)))
    timer.start()
    try:
        status, headers, _ = send(
            f"{replica.address}{path}&version={number}", headers={"Accept": "text/html;q=0.5, */*"}
        )
        assert (status, headers["Kelisim-Version"]) == (200, str(number))
    finally:
        timer.join()


def test_a_version_that_does_not_come_is_503(pair: tuple[Client, Serving]) -> None:
    writer, replica = pair
    number = state(writer.server)[0]
    began = time.monotonic()
    status, headers, body = send(ask(replica.address, "ASK {}", version="999999999"))
    assert time.monotonic() - began < 20
    assert (status, headers["Retry-After"], headers["Kelisim-Version"]) == (503, "1", str(number))
    assert f"has version {number} and not yet 999999999" in json.loads(body)["detail"]
    assert send(ask(writer.server, "ASK {}", version="999999999"))[0] == 404
    for malformed, expected in {"-1": 400, "x": 400, "1" * 40: 404}.items():  # the last is read as a digest
        assert send(ask(replica.address, "ASK {}", version=malformed))[0] == expected


def test_a_version_is_found_wherever_it_stands(pair: tuple[Client, Serving]) -> None:
    _, replica = pair
    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    for body in (b"query=ASK%7B%7D&version=999999999", b"query=SELECT+*+%7B%3Fs+%3Fp+%3Fo%7D&cite=1&version=999999999"):
        assert send(f"{replica.address}sparql", method="POST", body=body, headers=form)[0] == 503, body
    for server in (replica.address, pair[0].server):
        twice = f"{server}graphs?default&version=1&version=999999999"
        assert send(twice)[1]["Kelisim-Version"] == "1", "the first counts, at the replica as at the writer"


def test_every_route_waits_for_the_versions_that_it_is_asked_for(pair: tuple[Client, Serving]) -> None:
    writer, replica = pair
    for path in ("diff/0/%d", "diff/%d/0", "diff?a=0&b=%d", "diff?b=0&a=%d"):
        number = state(writer.server)[0] + 1
        timer = threading.Timer(0.5, insert, (writer, next(FRESH)))
        timer.start()
        try:
            assert send(replica.address + path % number, headers={"Accept": "application/json"})[0] == 200, path
        finally:
            timer.join()
    for path in ("diff/0/999999999", "diff?a=0&b=999999999", "data/x.ttl?version=999999999"):
        status, headers, _ = send(replica.address + path)
        assert (status, bool(headers["Retry-After"])) == (503, True), path
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    asked = send(f"{replica.address}q", method="POST", body=b"query=ASK%7B%7D&version=999999999", headers=form)
    assert asked[0] == 503


def is_late(address: str) -> bool:
    return send(address)[0] == 503


def test_a_version_named_otherwise_may_come_yet(kelisim: str, tmp_path: Path) -> None:
    with (
        writing(kelisim, tmp_path / "writer", "--open-log") as writer,
        line_to(writer.server) as line,
        replicating(kelisim, line.address) as replica,
    ):
        assert follows(replica.address, writer.server)
        line.meddle = lambda _, __: b""
        insert(writer, 1)
        digest = state(writer.server)[1]
        for path in (f"diff/0/{digest}", f"sparql?query=ASK%7B%7D&version={digest}"):
            assert becomes(partial(is_late, replica.address + path), SECONDS), path
        line.meddle = lambda _, body: body
        assert follows(replica.address, writer.server)
        assert send(f"{replica.address}diff/0/{digest}")[0] == 200


def test_the_address_of_a_writer_is_its_operators_to_tell(kelisim: str, tmp_path: Path) -> None:
    with writing(kelisim, tmp_path / "writer", "--open-log") as writer, replicating(kelisim, writer.server) as replica:
        assert follows(replica.address, writer.server)
        status, headers, told = send(f"{replica.address}compact", method="POST", body=b"", headers=writer.token)
        late = send(ask(replica.address, "ASK {}", version="999999999"))
        shown = f"{headers}{told!r}{late}{send(replica.address + 'ready')}"
        assert (status, ready(replica.address)["of"]) == (403, "the writer")
        assert urlsplit(writer.server).netloc not in shown


def test_what_one_writes_one_can_read_at_any_replica(pair: tuple[Client, Serving]) -> None:
    writer, replica = pair
    for _ in range(20):
        number = next(FRESH)
        update = f"INSERT DATA {{ <urn:mine> <urn:p> {number} }}".encode()
        status, headers, _ = send(f"{writer.server}sparql", method="POST", body=update, headers=UPDATE | writer.token)
        assert status == 200
        found = answer(replica.address, f"ASK {{ <urn:mine> <urn:p> {number} }}", version=headers["Kelisim-Version"])
        assert found == (200, b"true")


def test_many_who_wait_take_no_thread_and_no_worker(pair: tuple[Client, Serving]) -> None:
    writer, replica = pair
    process = psutil.Process(writer.process.pid)
    before = process.num_threads(), len(process.children(recursive=True)), process.memory_info().rss
    number, statuses = state(writer.server)[0], list[int]()

    def follow() -> None:
        statuses.append(send(f"{writer.server}replication/log?after={number}&wait=30")[0])

    threads = [threading.Thread(target=follow, daemon=True) for _ in range(300)]
    for thread in threads:
        thread.start()
    assert becomes(lambda: statuses.count(503) > 0, 30), "there are limits"
    assert answer(writer.server)[0] == 200
    after = process.num_threads(), len(process.children(recursive=True)), process.memory_info().rss
    insert(writer, next(FRESH))
    for thread in threads:
        thread.join(30)
    assert 200 <= statuses.count(200) <= 256
    assert {*statuses} == {200, 503}
    assert after[0] <= before[0] + 4
    assert after[1] <= before[1] + 4
    assert after[2] <= before[2] + (100 << 20)
    assert follows(replica.address, writer.server)


def test_who_waits_for_a_version_takes_no_place_of_a_follower(pair: tuple[Client, Serving]) -> None:
    writer, replica = pair
    assert follows(replica.address, writer.server)
    number = state(writer.server)[0]
    waiting = f"{replica.address}graphs?default&version=999999999"
    threads = [threading.Thread(target=send, args=(waiting,), daemon=True) for _ in range(300)]
    for thread in threads:
        thread.start()
    process = psutil.Process(replica.process.pid)
    assert becomes(lambda: len(process.net_connections("tcp")) > 300)
    assert send(f"{replica.address}replication/log?after={number}&wait=0.1")[0] == 204
    for thread in threads:
        thread.join(30)


BAD = {
    "": 400,
    "after=": 400,
    "after=-1": 400,
    "after=1e3": 400,
    f"after={'9' * 40}": 400,
    "after=%ff": 400,
    "after=%D9%A1": 400,
    "after=0&wait=-1": 400,
    "after=0&wait=31": 400,
    "after=0&wait=nan": 400,
    "after=0&wait=inf": 400,
    "after=999999999": 409,
    "after=1&base=0&chain=00000000": 409,
    "after=1&digest=00000000": 409,
}


@pytest.mark.parametrize(("parameters", "expected"), BAD.items())
def test_malformed_and_mistaken_requests_for_the_log(
    pair: tuple[Client, Serving], parameters: str, expected: int
) -> None:
    status, headers, body = send(f"{pair[0].server}replication/log?{parameters}")
    assert (status, headers.get_content_type()) == (expected, "application/problem+json"), body
    assert len(json.loads(body)["detail"]) > 20


def test_the_log_can_only_be_read(pair: tuple[Client, Serving]) -> None:
    for path in ("replication", "replication/log?after=0", "replication/snapshot/0"):
        for method in ("PUT", "POST", "DELETE"):
            status, headers, _ = send(f"{pair[0].server}{path}", method=method, body=b"x")
            assert status == 405
            assert "GET" in headers["Allow"]
    assert send(f"{pair[0].server}replication/snapshot/7")[0] == 404
    assert send(f"{pair[0].server}replication/snapshot/x")[0] == 404


def test_the_snapshot_comes_in_parts(pair: tuple[Client, Serving]) -> None:
    address = f"{pair[0].server}replication/snapshot/0"
    status, headers, whole = send(address)
    assert (status, headers["Accept-Ranges"]) == (200, "bytes")
    status, headers, rest = send(address, headers={"Range": "bytes=20-", "If-Range": headers["ETag"]})
    assert (status, rest) == (206, whole[20:])
    assert send(address, headers={"Range": "bytes=20-", "If-Range": '"another"'})[2] == whole
    assert send(address, headers={"Range": "bytes=999999-"})[0] == 416


def test_a_server_without_a_log_says_so(server: str) -> None:
    status, _, body = send(f"{server}replication/log?after=0")
    assert (status, "--store" in json.loads(body)["detail"]) == (403, True)


def test_who_may_follow(kelisim: str, tmp_path: Path) -> None:
    with writing(kelisim, tmp_path / "writer") as writer:
        insert(writer, 1)
        follower = make_token(tmp_path / "writer", "replicate", name="follower")
        for path in ("replication", "replication/log?after=0", "replication/snapshot/0"):
            url = f"{writer.server}{path}"
            assert send(url)[0] == 401
            status, headers, _ = send(url, headers={"Authorization": "Bearer wrong"})
            assert (status, "invalid_token" in headers["WWW-Authenticate"]) == (401, True)
            status, headers, _ = send(url, headers=writer.token)
            assert (status, 'scope="replicate"' in headers["WWW-Authenticate"]) == (403, True)
            assert send(url, headers={"Authorization": f"Bearer {follower}"})[0] == 200
        allowed = tmp_path / "allowed"
        allowed.write_text("wrong\n")
        with replicating(kelisim, writer.server, "--replica-token-file", str(allowed)) as replica:
            status, headers, body = send(f"{replica.address}ready")
            assert (status, headers["Retry-After"]) == (503, "1")
            assert "not fetched the data" in json.loads(body)["detail"]
            status, headers, _ = send(ask(replica.address, "ASK {}"))
            assert (status, headers.get_content_type()) == (502, "application/problem+json")
            assert send(f"{replica.address}health")[0] == 200
            assert b"kelisim_replica_connected 0.0" in send(f"{replica.address}metrics")[2]
            allowed.write_text(f"{follower}\n")
            assert follows(replica.address, writer.server), "the file is read again"
            refused = {"update": send(f"{replica.address}replication/log?after=0")[0]}
            assert refused == {"update": 403}, "nobody may follow a replica unless its operator says so"


def test_the_writer_is_killed_and_comes_back(kelisim: str, tmp_path: Path) -> None:
    with writing(kelisim, tmp_path / "writer", "--open-log") as writer:
        insert(writer, 1, 2)
        with replicating(kelisim, writer.server) as replica:
            assert follows(replica.address, writer.server)
            before = answer(replica.address)
            writer.process.kill()
            writer.process.wait()
            assert becomes(lambda: not ready(replica.address)["connected"])
            assert answer(replica.address) == before
            assert ready(replica.address)["seconds"] > 0
            with writing(kelisim, tmp_path / "writer", "--open-log", "--port", port_of(writer)) as again:
                insert(again, 3, 4)
                assert follows(replica.address, again.server)
                assert ready(replica.address)["synchronisations"] == 1
                metrics = send(f"{replica.address}metrics")[2].decode()
                assert "kelisim_replica_lag_versions 0.0" in metrics
                assert "kelisim_replica_lag_seconds 0.0" in metrics


def test_a_replica_with_a_folder_fetches_only_what_is_missing(kelisim: str, tmp_path: Path) -> None:
    own = ("--store", str(tmp_path / "replica"))
    with writing(kelisim, tmp_path / "writer", "--open-log") as writer, line_to(writer.server) as line:
        insert(writer, 1)
        with replicating(kelisim, line.address, *own) as replica:
            assert follows(replica.address, writer.server)
        insert(writer, 2, 3)
        line.asked.clear()
        with replicating(kelisim, line.address, *own) as replica:
            assert follows(replica.address, writer.server)
            assert ready(replica.address)["synchronisations"] == 0
            replica.process.kill()
            replica.process.wait()
        assert {path.partition("?")[0] for path, _ in line.asked} == {"/replication/log"}
        last = state(writer.server)
    with replicating(kelisim, line.address, *own) as replica:
        assert becomes(lambda: send(f"{replica.address}ready")[0] == 200, 30), "it serves without its writer"
        assert state(replica.address) == last
    with writing(kelisim, tmp_path / "replica") as promoted:
        insert(promoted, 4)
        assert state(promoted.server)[0] == last[0] + 1, "a replica's folder is that of a store"


def slowly(path: str, body: bytes) -> bytes:
    if "snapshot" in path:
        time.sleep(1)
    return body


def seen_until_level(replica: str, writer: str) -> set[int]:
    """The statuses of queries to a replica until it is level."""
    statuses = set[int]()

    def level() -> bool:
        statuses.add(answer(replica)[0])
        return is_level(replica, writer)

    assert becomes(level, SECONDS)
    return statuses


def test_compaction_of_the_writer(kelisim: str, tmp_path: Path) -> None:
    own = ("--store", str(tmp_path / "replica"))
    with writing(kelisim, tmp_path / "writer", "--open-log") as writer, line_to(writer.server) as line:
        insert(writer, 1, 2)
        with replicating(kelisim, line.address, *own) as replica:
            assert follows(replica.address, writer.server)
            assert send(f"{writer.server}compact", method="POST", body=b"", headers=writer.token)[0] == 200
            insert(writer, 3)
            assert follows(replica.address, writer.server)
            assert becomes(lambda: get_json(f"{replica.address}changes.json")["oldest"] == 2), "the writer has it too"
            assert ready(replica.address)["synchronisations"] == 1
        assert send(f"{writer.server}compact", method="POST", body=b"", headers=writer.token)[0] == 200
        insert(writer, 4)
        with replicating(kelisim, line.address, *own) as replica:
            assert follows(replica.address, writer.server)
            assert get_json(f"{replica.address}changes.json")["oldest"] == 3, "as that of the writer"
            assert ready(replica.address)["synchronisations"] == 0
        insert(writer, 5)
        assert send(f"{writer.server}compact", method="POST", body=b"", headers=writer.token)[0] == 200
        insert(writer, 6)
        line.meddle = slowly
        with replicating(kelisim, line.address, *own) as replica:
            assert becomes(lambda: send(f"{replica.address}ready")[0] == 200, 30)
            statuses = seen_until_level(replica.address, writer.server)
            assert statuses == {200}, "it answers from what it has until the new is there"
            assert ready(replica.address)["synchronisations"] == 1
            assert answer(replica.address) == answer(writer.server)
            insert(writer, 7)
            assert follows(replica.address, writer.server)


def test_a_writer_that_was_restored_to_other_data(kelisim: str, tmp_path: Path) -> None:
    with writing(kelisim, tmp_path / "writer", "--open-log") as writer:
        insert(writer, 1, 2)
        with replicating(kelisim, writer.server) as replica:
            assert follows(replica.address, writer.server)
            writer.process.terminate()
            writer.process.wait()
            other = ("--open-log", "--port", port_of(writer))
            with writing(kelisim, tmp_path / "other", *other) as restored:
                insert(restored, 3, 4)
                assert seen_until_level(replica.address, restored.server) <= {200, 502}
                assert ready(replica.address)["synchronisations"] == 2
                assert answer(replica.address) == answer(restored.server)
                assert b"urn:1" not in answer(replica.address)[1]
            with writing(kelisim, tmp_path / "shorter", *other) as restored:
                assert becomes(lambda: state(restored.server)[0] == 0)
                assert follows(replica.address, restored.server), "there are fewer versions than the replica has"


def test_a_writer_that_was_taken_back_and_compacted(kelisim: str, tmp_path: Path) -> None:
    """It has the same number of versions as before, and no change left that could be compared."""
    with writing(kelisim, tmp_path / "writer", "--open-log") as writer:
        insert(writer, 1)
        with History.open(tmp_path / "writer" / "history", read_only=True) as history:
            history.backup(tmp_path / "backup")
        insert(writer, 2, 3)
        with replicating(kelisim, writer.server) as replica:
            assert follows(replica.address, writer.server)
            before = send(ask(replica.address, EVERYTHING, format="csv"))
            writer.process.terminate()
            writer.process.wait()
            with History.restore(tmp_path / "backup", tmp_path / "restored" / "history") as history:
                assert history.version == 1
            with writing(kelisim, tmp_path / "restored", "--open-log", "--port", port_of(writer)) as restored:
                insert(restored, 4, 5)
                assert send(f"{restored.server}compact", method="POST", body=b"", headers=restored.token)[0] == 200
                expected = send(ask(restored.server, EVERYTHING, format="csv"))

                def is_new() -> bool:
                    status, headers, body = send(ask(replica.address, EVERYTHING, format="csv"))
                    if status == 200:
                        assert (body == expected[2]) == (headers["ETag"] == expected[1]["ETag"]), "never under its name"
                        assert (body == before[2]) == (headers["ETag"] == before[1]["ETag"])
                    return status == 200 and body == expected[2]

                assert becomes(is_new, SECONDS)
                assert expected[1]["Kelisim-Version"] == before[1]["Kelisim-Version"] == "3"
                same = {"If-None-Match": before[1]["ETag"]}
                assert send(ask(replica.address, EVERYTHING, format="csv"), headers=same)[0] == 200
                insert(restored, 6)
                assert follows(replica.address, restored.server)


def test_a_line_that_cuts_and_alters(kelisim: str, tmp_path: Path) -> None:
    faults = dict[str, int]()

    def meddle(path: str, body: bytes) -> bytes:
        kind = path.partition("?")[0]
        if "snapshot" not in kind or faults["/replication"] > 2:  # for an altered offer it is not read
            faults[kind] = faults.get(kind, -1) + 1
        number = faults.get(kind, 9)
        middle, rest = len(body) // 2, len(body) - 40
        altered = (
            body[:middle],
            body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :] if body else b"",
            body[:40][::-1] + body[40:],
        )
        return body if rest < 0 or number > 2 else altered[number]

    with writing(kelisim, tmp_path / "writer", "--open-log") as writer, line_to(writer.server) as line:
        insert(writer, *range(5))
        assert send(f"{writer.server}compact", method="POST", body=b"", headers=writer.token)[0] == 200
        insert(writer, *range(10, 15))
        line.meddle = meddle
        with replicating(kelisim, line.address) as replica:
            assert follows(replica.address, writer.server)
            assert {*faults} == {f"/replication{path}" for path in ("", "/snapshot/5", "/log")}
            assert min(faults.values()) >= 3
            assert any(given for path, given in line.asked if "snapshot" in path), "it goes on where it was cut"
            faults.clear()
            for number in range(20, 26):
                insert(writer, number)
                becomes(lambda: is_level(replica.address, writer.server), 2)
            assert follows(replica.address, writer.server)
            assert answer(replica.address) == answer(writer.server)
            metrics = send(f"{replica.address}metrics")[2].decode()
            assert "kelisim_replica_refetched_total 0.0" not in metrics


def test_a_replica_of_a_replica(pair: tuple[Client, Serving], kelisim: str) -> None:
    writer, first = pair
    with replicating(kelisim, first.address) as second:
        assert follows(second.address, writer.server)
        insert(writer, next(FRESH))
        assert follows(second.address, writer.server)
        servers = (writer.server, first.address, second.address)
        assert len({send(ask(server, EVERYTHING))[1]["ETag"] for server in servers}) == 1
        assert send(f"{first.address}replication/log?after=99999")[0] == 409, "it knows that its writer has no such"
