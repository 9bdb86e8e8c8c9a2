"""The settings of a server."""

from dataclasses import dataclass, field
from pathlib import Path

from kg.engine.limits import Limits
from server.engines import EngineSettings
from server.replica import Following


@dataclass(frozen=True)
class Settings:
    """Settings of a server.

    limits: a `memory` of 0 stands for `kg.workers.sizing.query_memory`. folder: the store on disk; None for a store in
    memory. access_log, query_log: a file or ``-`` for standard error; empty for none. rate: requests per second of one
    client, 0 for no limit. services: IRIs of the endpoints that SERVICE may query. articles: the folder with the
    articles' texts. origin: the public origin, such as ``https://example.org``, if a proxy stands before the server.
    empty: whether everybody may query graphs that are not there, as empty ones. update_bytes: the longest update,
    decompressed. about: the file that describes the data, if it is not their own description that counts. proxies:
    whose word on their clients is believed; forwarded: given by the header Forwarded. open_log: whether everybody may
    follow the log. replica: what to follow, if it is a replica. engine: where the data are, if an engine elsewhere has
    them. columns: whether scans of a large store are answered from columns too. optimiser:
    whether queries of a large store are rewritten to cost less. data: the folder of curated files, if it is not the
    shipped one.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    limits: Limits = field(default_factory=Limits)
    folder: Path | None = None
    allow_updates: bool = False
    access_log: str = ""
    query_log: str = ""
    rate: float = 0.0
    services: frozenset[str] = frozenset()
    articles: Path | None = None
    origin: str = ""
    empty: bool = False
    update_bytes: int = 1 << 24
    about: Path | None = None
    proxies: tuple[str, ...] = ()
    forwarded: bool = False
    open_log: bool = False
    replica: Following | None = None
    engine: EngineSettings | None = None
    columns: bool = False
    optimiser: bool = True
    data: Path | None = None
