"""A store is loaded by the process that forks the workers, and the server tells what became of it."""

import os
import pickle
import subprocess
from pathlib import Path

import pytest

from kg.engine.engine import Engine
from kg.history.history import DamagedHistoryError, History
from ontology import KelisimError
from server.loading import LoadedElsewhere
from tests.conftest import serving
from tests.http import ask, send
from tests.kg.history.test_history import quad


def test_it_is_loaded_there_and_told_here() -> None:
    elsewhere = LoadedElsewhere(lambda: Engine([quad(n) for n in range(3)]), lambda engine: (len(engine), os.getpid()))
    child = os.fork()
    if child == 0:
        os._exit(len(elsewhere.load()))
    assert elsewhere.told() == (3, child)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3, "it goes on with what it loaded"


def broken() -> Engine:
    raise DamagedHistoryError("The snapshot is damaged.")


def killed() -> Engine:
    os._exit(9)


@pytest.mark.parametrize(("load", "message"), [(broken, "The snapshot is damaged"), (killed, "that loads it ended")])
def test_why_it_cannot_be_loaded_is_told_here(load: object, message: str) -> None:
    elsewhere = LoadedElsewhere(load, len)  # type: ignore[arg-type]
    child = os.fork()
    if child == 0:
        elsewhere.load()
        os._exit(1)
    with pytest.raises(KelisimError, match=message):
        elsewhere.told()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, 9)


@pytest.mark.parametrize("told", [("told",), "The snapshot is damaged."])
def test_a_process_that_is_killed_while_it_tells_is_told_of_here(told: object) -> None:
    whole = pickle.dumps(told)
    for sent in range(len(whole)):
        elsewhere = LoadedElsewhere(killed, len)
        os.write(elsewhere._question, whole[:sent])  # as far as the process came
        with pytest.raises(KelisimError, match="that loads it ended"):
            elsewhere.told()


def test_the_server_tells_the_size_of_a_store_and_serves_it(kelisim: str, tmp_path: Path) -> None:
    History.create(tmp_path / "history", [quad(n) for n in range(7)]).close()
    with serving(kelisim, "--store", str(tmp_path)) as running:
        assert f"7 quads, version 0 of {tmp_path}" in running.printed
        assert send(ask(running.address, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", format="csv"))[2] == b"n\r\n7\r\n"


def test_a_damaged_store_is_an_error_of_the_command(kelisim: str, tmp_path: Path) -> None:
    History.create(tmp_path / "history", [quad(n) for n in range(7)]).close()
    snapshot = tmp_path / "history" / "snapshot-0.nq"
    snapshot.write_bytes(snapshot.read_bytes().replace(b"3", b"4"))
    done = subprocess.run(
        [kelisim, "serve", "--port", "0", "--store", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "snapshot-0.nq" in done.stderr
    assert "Traceback" not in done.stderr
