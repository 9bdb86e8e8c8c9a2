"""The drill of backup and restore, with the lines that server/deployment/README.md shows, under load."""

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

from tests.conftest import ROOT, Serving, serving
from tests.http import get_json
from tests.server.endpoint.test_writes import Client, make_token
from tests.server.front.test_kills import busy
from tests.waiting import becomes

README = (ROOT / "server" / "deployment" / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```sh\n(STORE=.*?)```", README, re.DOTALL)


def run_shown(lines: str, store: Path, backups: Path, kelisim: str) -> str:
    """Runs the lines of the README with folders of the test's; returns what they print."""
    shown = "STORE=/var/lib/kelisim/store BACKUPS=/var/backups/kelisim\n"
    assert lines.startswith(shown)
    path = f"{Path(kelisim).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", lines.removeprefix(shown)],
        env={**os.environ, "PATH": path, "STORE": str(store), "BACKUPS": str(backups)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def versions(running: Serving) -> dict[int, str]:
    """The digest of each version of the server."""
    found: dict[int, str] = {}
    page = f"{running.address}changes.json"
    while page:
        told = get_json(page)
        found |= {v["version"]: v["digest"] for v in told["versions"]}
        page = told["next"]
    return found


def marks(client: Client) -> int:
    return client.rows("?s <urn:written> 1")


def test_a_store_that_is_lost_comes_back_as_it_was(kelisim: str, tmp_path: Path) -> None:
    backup, restore = SHOWN
    store, backups = tmp_path / "store", tmp_path / "backups"
    backups.mkdir()
    token = make_token(store)
    acknowledged: set[str] = set()
    over = threading.Event()
    with serving(kelisim, "--store", str(store), "--empty", "--allow-updates") as running:
        client = Client(running, token)
        threads = busy(client, over, acknowledged, "before")
        assert becomes(lambda: len(acknowledged) > 20, 60)
        printed = run_shown(backup, store, backups, kelisim)
        told = len(acknowledged)
        assert becomes(lambda: len(acknowledged) > told + 20, 60), "changes go on meanwhile"
        over.set()
        for thread in threads:
            thread.join()
        known = versions(running)
        version = int(re.search(r"Wrote version (\d+)", printed)[1])  # type: ignore[index]
        assert 20 < version < max(known), "changes were made before and after it"
        running.process.kill()
        running.process.wait()
    shutil.rmtree(store)

    printed = run_shown(restore, store, backups, kelisim)
    assert f"Restored version {version}" in printed
    with serving(kelisim, "--store", str(store), "--allow-updates") as running:
        client = Client(running, token)
        found = versions(running)
        assert max(found) == version
        assert found[version] == known[version], "the data are the same"
        assert {number: known[number] for number in found} == found, "and so are the versions before"
        assert marks(client) == version, "each version has one"
        over.clear()
        more: set[str] = set()
        threads = busy(client, over, more, "after")
        assert becomes(lambda: len(more) > 20, 60), "changes go on, with the token of before"
        over.set()
        for thread in threads:
            thread.join()
        assert marks(client) == version + len(more)
        assert max(versions(running)) == version + len(more)
