"""What an engine says of a failure is told without what let us in, in whatever form and wherever it stands; an exchange
with it has one time limit."""

import base64
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from kg.engine.errors import EngineTimeoutError
from kg.engine.redaction import public_address
from kg.remote.breaker import FAILURES, Breaker
from kg.remote.transport import Transport
from kg.upload.connection import Addresses, Connection
from kg.upload.credentials import Credentials
from ontology import KelisimError
from tests.engines import fake
from tests.engines.fake import FakeEngine

PASSWORD = "a-password-that-nobody-should-see"
PAIR = base64.b64encode(f"reader:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def engine() -> Iterator[FakeEngine]:
    with FakeEngine(ox.Store()) as running:
        yield running


@pytest.mark.parametrize("secret", [PASSWORD, PAIR])
@pytest.mark.parametrize("before", [0, 390, 595])
def test_no_part_of_a_secret_is_told(engine: FakeEngine, before: int, secret: str) -> None:
    engine.misbehaves = fake.refuses(400, "." * before + secret)
    transport = Transport(engine.url, Breaker(""), authorization=f"Basic {PAIR}", secret=PASSWORD)
    connection = Connection(Addresses(engine.url, engine.url), Credentials("basic", "reader", PASSWORD))
    try:
        for ask in (transport.select, connection.select):
            with pytest.raises(KelisimError) as error:
                ask("SELECT * {}")
            assert secret[:3] not in str(error.value)
    finally:
        transport.close()


KEY = "kéy+that/nobody?should=see"
KEPT = "k%C3%A9y%2Bthat%2Fnobody%3Fshould%3Dsee"


@pytest.mark.parametrize("form", [KEY, KEPT])
@pytest.mark.parametrize("status", [200, 400, 403, 500, 503])
def test_a_key_in_the_address_is_not_told(engine: FakeEngine, status: int, form: str) -> None:
    engine.misbehaves = fake.refuses(status, f"There is nothing for {form} at {engine.url}?apikey={form}")
    address = f"{engine.url}?apikey={KEPT}&db=1"
    transport = Transport(address, Breaker(""))
    connection = Connection(Addresses(address, address))
    try:
        for ask in (transport.select, connection.select):
            with pytest.raises(KelisimError) as error:
                ask("SELECT * {}")
            assert f"{engine.url}?apikey=…&db=…" in str(error.value)
            assert "nobody" not in str(error.value)
    finally:
        transport.close()


def test_an_address_is_shown_without_secrets() -> None:
    shown = {
        "https://example.org/sparql": "https://example.org/sparql",
        "https://u:p@example.org:8443/sparql?a=b&secret&c=#d": "https://example.org:8443/sparql?a=…&…&c=…",
        "https://user@[::1]:1/": "https://[::1]:1/",
        "http://[": "…",
    }
    assert {address: public_address(address) for address in shown} == shown


@pytest.mark.parametrize("way", [fake.drips, fake.drips_the_body])
def test_an_engine_that_drips_does_not_outlive_the_time_limit(engine: FakeEngine, way: fake.Misbehaviour) -> None:
    engine.misbehaves = way
    engine.left.clear()
    transport = Transport(engine.url, Breaker(""), seconds=0.5)
    with pytest.raises(EngineTimeoutError, match="did not answer in time"):
        transport.select("SELECT * {}")
    assert engine.left.wait(10), "the connection was ended while the engine still wrote"


def test_queries_that_are_late_do_not_open_the_breaker(engine: FakeEngine) -> None:
    engine.misbehaves = fake.refuses(503, "Query timed out")
    breaker = Breaker("")
    transport = Transport(engine.url, breaker)
    try:
        for _ in range(FAILURES + 1):
            with pytest.raises(EngineTimeoutError):
                transport.select("SELECT * {}")
    finally:
        transport.close()
    assert breaker.state == "closed"
