"""A site whose queries are counted: the pages of a dataset, with the engine in this process in place of the workers."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from flask.testing import FlaskClient

from kg.engine.engine import Engine
from kg.engine.limits import Limits
from kg.engine.replies import Reply, SpooledFile
from kg.history.timeline import BuildTimeline
from kg.publishing.about import about_of_data
from kg.store.background import Refresher
from kg.store.reader import Reader
from kg.store.store import Store
from kg.views.conflicts import Conflicts, read_conflicts
from kg.workers.messages import Task
from kg.workers.worker import perform
from server.app import create_app
from server.http.site import Site

if TYPE_CHECKING:
    from kg.workers.pool import WorkerPool


class CountingStore(Store):
    """A store that evaluates the pages' queries itself, and keeps them in `asked`, in order."""

    def __init__(self, engine: Engine) -> None:
        timeline = BuildTimeline("2024-11-29T00:00:00Z", "counted", str)
        pool = cast("WorkerPool", SimpleNamespace(limits=Limits()))  # a real one has processes, which nobody asks here
        super().__init__(pool, "counted", timeline=timeline)
        self._reader = Reader(engine)
        self._engine = engine
        self.asked: list[str] = []

    def query(self, task: Task, timeout: float | None = None, client: str = "") -> Reply:
        """See `Store.query`."""
        self.asked.append(task.query)
        outcome, spool = perform(self._engine, task)
        assert outcome.kind == "ok", outcome
        return Reply(outcome.format, SpooledFile(spool.file) if spool.file >= 0 else spool.body, outcome.rows)


def counted(engine: Engine, conflicts: Refresher[Conflicts] | None = None) -> tuple[FlaskClient, CountingStore]:
    """A client of the pages of a site that has just begun, and the store that counts.

    `conflicts` are those of `conflicts_in`; without them each page of a thing would wait for them.
    """
    store = CountingStore(engine)
    site = Site(store, {}, None, about_of_data(Reader(engine), "Dataset"))
    if conflicts:
        vars(site)["conflicts"] = conflicts
    return create_app(site).test_client(), store


def conflicts_in(engine: Engine) -> Refresher[Conflicts]:
    """The conflicts of a dataset, which a server seeks once for all pages."""
    found = Refresher(lambda: "counted", lambda: read_conflicts(Reader(engine)))
    found.get(60)
    return found
