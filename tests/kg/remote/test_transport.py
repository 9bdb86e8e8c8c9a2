"""What an engine says of a failure is told without what let us in, in whatever form and wherever it stands."""

import base64
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from kg.remote.breaker import Breaker
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
