"""Cache validation: pages change with the data, and clients revalidate them by ETag."""

from pathlib import Path

from tests.conftest import serving
from tests.http import BROWSER, send
from tests.server.endpoint.test_writes import Client, make_token


def test_a_page_is_sent_once_and_again_when_the_data_changes(kelisim: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        client = Client(running, token)
        status, headers, _ = send(running.address, headers={"Accept": BROWSER})
        assert (status, headers["Cache-Control"]) == (200, "public, no-cache")
        known = {"Accept": BROWSER, "If-None-Match": headers["ETag"]}
        for _ in range(2):  # by Flask or from the cache
            status, again, body = send(running.address, headers=known)
            assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
        assert send(running.address, headers=known | {"Accept-Language": "ru"})[0] == 200
        assert client.update("INSERT DATA { <urn:s> <urn:p> 1 }")[0] == 200
        assert send(running.address, headers=known)[0] == 200


def test_a_page_is_made_once(server: str) -> None:
    def hits() -> int:
        lines = send(f"{server}metrics")[2].decode().splitlines()
        (line,) = (each for each in lines if each.startswith('kelisim_cache_requests_total{outcome="hit"}'))
        return int(float(line.split()[-1]))

    first = send(f"{server}about?made=once", headers={"Accept": BROWSER})
    before = hits()
    again = send(f"{server}about?made=once", headers={"Accept": BROWSER})
    assert (again[2], hits()) == (first[2], before + 1)


def test_health_and_metrics_are_not_cached(server: str) -> None:
    for path in ("health", "ready", "metrics"):
        _, headers, _ = send(f"{server}{path}")
        assert headers["Cache-Control"] == "no-store"
        assert "ETag" not in headers
