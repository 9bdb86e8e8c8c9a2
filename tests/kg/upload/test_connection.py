"""Requests to an engine that are tried again."""

import http.client
from functools import partial

import pytest

import kg.upload.connection
from kg.upload.connection import Addresses, Connection, EngineUnreachableError
from kg.upload.locking import LockLostError


class Hanging(Connection):
    """A way to an engine that answers nothing, until the writer has lost its lock."""

    def __init__(self) -> None:
        super().__init__(Addresses("http://engine/query", "http://engine/update", "http://engine/graphs"))
        self.before_write = self._check

    def _check(self) -> None:
        if self.requests:
            raise LockLostError("another took it")

    def _send_once(self, url: str, body: bytes, kind: str, accept: str) -> tuple[bytes, http.client.HTTPMessage]:
        self.requests += 1
        raise EngineUnreachableError(url)


@pytest.mark.parametrize("graphs", [True, False])
def test_a_write_that_hung_is_not_tried_again_without_the_lock(
    monkeypatch: pytest.MonkeyPatch, *, graphs: bool
) -> None:
    monkeypatch.setattr(kg.upload.connection, "_WAITS", (0.0, 0.0))
    there = Hanging()
    write = partial(there.post_quads, b"") if graphs else partial(there.update, "DELETE DATA {}")
    with pytest.raises(LockLostError):
        write()
    assert there.requests == 1
    with pytest.raises(EngineUnreachableError):
        there.update("DELETE DATA {}", anyway=True)
    assert there.requests == 4
