"""A page of another site can change nothing with the password that a browser remembers."""

import base64
from collections.abc import Iterator

import pytest

from tests.conftest import serving
from tests.http import send
from tests.server.endpoint.test_writes import FORM, Client, make_token


@pytest.fixture(scope="module")
def client(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("sites") / "store"
    token = make_token(folder)
    with serving(kelisim, "--store", str(folder), "--empty", "--allow-updates") as running:
        yield Client(running, token)


@pytest.mark.parametrize(
    ("headers", "basic", "bearer"),
    [
        ({}, 200, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200, 200),
        ({"Sec-Fetch-Site": "none"}, 200, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "OWN"}, 403, 200),
        ({"Origin": "https://evil.example"}, 403, 200),
        ({"Origin": "null"}, 403, 200),
        ({"Origin": "OWN"}, 200, 200),
    ],
)
def test_by_headers_of_browsers(client: Client, headers: dict[str, str], basic: int, bearer: int) -> None:
    own = client.server.rstrip("/")
    sent = {name: own if value == "OWN" else value for name, value in headers.items()}
    token = client.token["Authorization"].removeprefix("Bearer ")
    password = "Basic " + base64.b64encode(f"me:{token}".encode()).decode()
    body = b"update=INSERT+DATA+%7B+%3Curn%3Aa%3E+%3Curn%3Ap%3E+1+%7D"
    for authorization, wanted in ((password, basic), (f"Bearer {token}", bearer)):
        given = {**FORM, **sent, "Authorization": authorization}
        status, _, answer = send(f"{client.server}sparql", method="POST", body=body, headers=given)
        assert status == wanted, answer
