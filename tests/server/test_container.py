"""What the image asks of the server, without an engine of containers: it runs as process 1 of a namespace, without
privileges, on a file system that cannot be written but for the folder of the store and the temporary one.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.conftest import Serving, serving
from tests.http import ask, get_json, send
from tests.server.endpoint.test_writes import Client, make_token
from tests.waiting import becomes

CONTAINED = """#!/bin/sh
set -e
if [ "$1" != inside ]; then
    exec unshare --mount --pid --fork --kill-child --propagation private -- "$0" inside "$@"
fi
shift
mount -t proc proc /proc
mount --bind {data} {data}
mount -o remount,ro,bind /
mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs {temporary}
export TMPDIR={temporary} HOME={temporary} PYTHONDONTWRITEBYTECODE=1
cd {data}
exec unshare --user --map-user=10001 --map-group=10001 -- setpriv --no-new-privs -- {kelisim} "$@"
"""


@dataclass(frozen=True)
class Contained:
    """A server in its namespaces: the process outside of them, process 1 inside, and the folder of its store."""

    running: Serving
    first: psutil.Process
    folder: Path
    token: str


@pytest.fixture(scope="module")
def contained(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contained]:
    root = tmp_path_factory.mktemp("contained")
    data, temporary, script = root / "data", root / "temporary", root / "contained"
    data.mkdir()
    temporary.mkdir()
    names = {"data": data, "temporary": temporary, "kelisim": kelisim}
    quoted = {name: shlex.quote(str(value)) for name, value in names.items()}
    token = make_token(data / "store")
    script.write_text(CONTAINED.format(**quoted), encoding="utf-8")
    script.chmod(0o755)
    tried = subprocess.run([script, "--help"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no namespaces can be made here, so the server was not tried in one: {tried.stderr.strip()}")
    with serving(str(script), "--store", str(data / "store"), "--allow-updates") as running:
        (first,) = psutil.Process(running.process.pid).children()
        yield Contained(running, first, data, token)


def test_it_is_process_1_and_may_nothing(contained: Contained) -> None:
    lines = Path(f"/proc/{contained.first.pid}/status").read_text(encoding="utf-8").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert status["NSpid"].split()[-1] == "1"
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Amb")} == {0}
    assert status["NoNewPrivs"] == "1"
    mounts = Path(f"/proc/{contained.first.pid}/mounts").read_text(encoding="utf-8").splitlines()
    at_root = [line.split() for line in mounts if line.split()[1] == "/"]
    assert "ro" in at_root[-1][3].split(",")


@pytest.mark.parametrize(
    "path", ["ready", "states", "charts/trade.svg", "data/dump.nq.gz", "search?q=putin&format=json"]
)
def test_all_works_on_a_read_only_file_system(contained: Contained, path: str) -> None:
    status, _, body = send(contained.running.address + path)
    assert (status, body[:0]) == (200, b""), body[:500]


def test_changes_are_kept_in_the_folder_of_the_store(contained: Contained) -> None:
    client = Client(contained.running, contained.token)
    assert client.update("INSERT DATA { <urn:contained> <urn:p> 1 }")[0] == 200
    assert json.loads(send(ask(client.server, "ASK { <urn:contained> ?p ?o }", format="json"))[2])["boolean"] is True


def test_it_reaps_whatever_dies(contained: Contained) -> None:
    (fork_server,) = [child for child in contained.first.children() if child.children()]
    workers = fork_server.children()
    for worker in workers:
        worker.kill()
    assert becomes(lambda: get_json(contained.running.address + "ready")["status"] == "ready")
    assert becomes(lambda: not any(w.is_running() and w.status() == psutil.STATUS_ZOMBIE for w in workers))
    alive = contained.first.children(recursive=True)
    assert not [p for p in alive if p.status() == psutil.STATUS_ZOMBIE]


def test_a_signal_to_process_1_stops_it(contained: Contained) -> None:
    """The last of this module, as the server is gone then."""
    everybody = contained.first.children(recursive=True)
    contained.first.terminate()
    assert contained.running.process.wait(timeout=20) == 0
    assert not [p for p in everybody if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert os.listdir(contained.folder / "store" / "history")  # noqa: PTH208 - only the names
