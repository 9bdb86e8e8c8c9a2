"""What a server serves: a dataset in memory, a store's folder, or an engine elsewhere."""

import ctypes
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox

from kg.changes.validation import prepare
from kg.curation.dataset import Dataset
from kg.curation.manifest import called
from kg.engine.engine import Engine
from kg.history.history import History
from kg.history.timeline import BuildTimeline, HistoryTimeline, Timeline
from kg.publishing.about import About, about_of_data
from kg.rdf.set_digest import SetDigest
from kg.store.reader import Reader
from ontology import KelisimError
from server.engine_writes import check_folder
from server.engines import ConnectedEngine, EngineSettings
from server.http.site import Statistics
from server.loading import LoadedElsewhere
from server.replica import Following
from server.settings import Settings


@dataclass(frozen=True)
class Loaded:
    """A loaded store: identity of its initial state, what it says of itself, history if it is writable, start message.

    engine: gives its engine, in the process that calls it. modified: when it was last changed, as in `Store`. load:
    what loads it into memory, if the engine is on disk. timeline: the versions of a store that takes no changes.
    connected: the engine elsewhere that has the data. elsewhere: what tells the number of quads and what the store
    says of itself, where `engine` loads it in another process.
    """

    engine: Callable[[], Engine]
    stated: About
    identity: str
    statistics: Statistics
    history: History | None
    words: str
    modified: str | None = None
    load: Callable[[], Engine] | None = None
    timeline: Timeline | None = None
    connected: ConnectedEngine | None = None
    elsewhere: LoadedElsewhere[tuple[int, About]] | None = None


def history_folder(folder: Path) -> Path:
    """The subfolder of a store's folder with the history; the tokens are beside it."""
    return folder / "history"


def load(settings: Settings, dataset: Callable[[], Dataset | None], prefixes: Mapping[str, str]) -> Loaded:
    """Loads what the settings say, or says how; `dataset` gives the content of a new store.

    Raises KelisimError if they do not go together, or it cannot be opened.
    """
    if settings.engine and settings.replica:
        raise KelisimError("Give --engine or --replica-of, and not both: data are asked elsewhere, or kept here.")
    if settings.replica:
        return _nothing(settings, settings.replica, prefixes)
    if settings.engine:
        return _connected(settings, settings.engine, prefixes)
    if settings.folder is None:
        if settings.allow_updates:
            raise KelisimError("Changes need a place to last: give a folder with --store.")
        built = dataset()
        quads = built.quads if built else ()
        identity = built.digest if built else "empty"
        statistics = built.statistics() if built else {}
        only = _kept(Engine(quads, settings.services, prefixes))
        words = f"{len(quads)} quads, digest {identity[:12]}"
        about = about_of_data(Reader(only), called(settings.data))
        timeline = _timeline(built, about)
        return Loaded(lambda: only, about, identity, statistics, None, words, timeline=timeline)
    folder = history_folder(settings.folder)
    if folder.exists():
        history = History.open(folder, read_only=not settings.allow_updates)
    else:
        built = dataset()
        settings.folder.mkdir(parents=True, exist_ok=True)
        history = History.create(folder, built.quads if built else ())

    def in_memory() -> Engine:
        store = ox.Store()
        history.load_into(store)
        return Engine(store, settings.services, prefixes)

    name = settings.folder.resolve().name
    words = f"version {history.version} of {settings.folder}"
    copy = history.usable_disk_copy()

    def engine_on_disk() -> Engine:
        """Opened in each process that needs it, since open files would outlive a copy that is replaced."""
        return Engine(ox.Store.read_only(str(copy)), settings.services, prefixes, on_disk=True)

    if copy:
        words += ", from its copy on disk while it is loaded into memory"
    if history.recovered:
        words += f". {history.recovered}"
    if settings.allow_updates:
        prepare()
    # Random at each start: this identity and the version number together identify a state.
    identity = secrets.token_hex(8)
    kept = history if settings.allow_updates else None
    timeline = HistoryTimeline(history)
    if copy:
        stated = about_of_data(Reader(engine_on_disk()), name)
        return Loaded(engine_on_disk, stated, identity, {}, kept, words, history.modified, in_memory, timeline)
    elsewhere = LoadedElsewhere(in_memory, lambda engine: (len(engine), about_of_data(Reader(engine), name)))
    return Loaded(
        elsewhere.load, About(), identity, {}, kept, words, history.modified, timeline=timeline, elsewhere=elsewhere
    )


def _nothing(settings: Settings, replica: Following, prefixes: Mapping[str, str]) -> Loaded:
    """No data: those of a replica come later."""
    engine = Engine((), settings.services, prefixes)
    return Loaded(lambda: engine, About(), "", {}, None, f"a replica of {replica.address}")


def _connected(settings: Settings, engine: EngineSettings, prefixes: Mapping[str, str]) -> Loaded:
    """An engine elsewhere in place of a store."""
    if settings.empty or settings.services or settings.open_log or (settings.folder and not settings.allow_updates):
        raise KelisimError("--engine has the data: --store, --empty, --allow-service and --open-log do not go with it.")
    if settings.allow_updates:
        check_folder(settings.folder)
        prepare()
    connected = ConnectedEngine(engine)
    only = _kept(connected.engine(prefixes))
    if connected.writer and len(only) > engine.copied:
        raise KelisimError(
            f"The engine holds {len(only)} quads. Changes are worked out on a copy in memory, of {engine.copied} at "
            "most (--engine-copy; a million take 280 MB). Or change the data where they are made, and publish them "
            "again."
        )
    stated = about_of_data(Reader(only), "Dataset")
    return Loaded(
        lambda: only,
        stated,
        connected.mark.name,
        {},
        None,
        connected.words(),
        timeline=connected.timeline(),
        connected=connected,
    )


def _timeline(built: Dataset | None, about: About) -> Timeline:
    """The one version of a build, which is as old as the data say, else as this server."""
    day = about.day("modified") or about.day("issued")
    time = f"{day}T00:00:00Z" if day else datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def digest() -> str:
        found = SetDigest()
        found.add(line + b"\n" for line in (built.lines if built else ()))
        return found.hexdigest()

    return BuildTimeline(time, built.digest if built else "", digest)


def _kept(engine: Engine) -> Engine:
    """The engine, with one reference more: to deallocate a large one would delay the exit by a minute."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    return engine
