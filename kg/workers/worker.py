"""The processes that evaluate queries, so that no query can stop the server.

The *fork server* holds the store and forks *workers*: a fork shares the store's pages and takes milliseconds. A worker
evaluates one query after another from a socket. It may be killed at any moment, and dies if a query exceeds the limit
of memory or stack; its standard error is a file, the crash report, that the server reads. Reading updates reference
counts in the store's pages, so a worker copies more and more of them; when these copies reach the memory limit of a
query, it exits and is replaced. Changes are staged in a worker of their own, on its fork of the store (`Stager`). The
result is a patch; once the server has committed it, the fork server and the workers apply it.
"""

import faulthandler
import gc
import math
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import pyoxigraph as ox

from kg.changes.staging import Change
from kg.citations.answers import cited_answer
from kg.citations.cited import Asked, Citing
from kg.engine import diagnosis
from kg.engine.engine import Answer, Engine
from kg.engine.replies import SPOOL_NAME
from kg.history.history import History
from kg.inference.explanation import explain
from kg.inference.rules import rules
from kg.inference.told import is_reasoned
from kg.lenses.kept import MissingLensError
from kg.lenses.names import parse
from kg.optimisation.gathering import Remembering, use_statistics, write_statistics
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from kg.rdf.patches import Patch
from kg.rdf.patches import parse as parse_patch
from kg.workers.confinement import (
    PrivateMemory,
    allow_new_files,
    die_with_parent,
    forbid_new_files,
    give_back_memory,
    limit_memory,
    use_one_malloc_arena,
)
from kg.workers.messages import QUICK_SECONDS, Outcome, Task, outcome_of
from kg.workers.rewinding import PAST_NICENESS, Rewind
from kg.workers.spool import Spool
from kg.workers.staging import Stager
from kg.workers.wire import Inbox, receive, send
from ontology import KelisimError
from ontology.namespaces import EVERYTHING

_HINTED_SECONDS: Final = 0.005
"""Queries that take more processor time get no hint of rows told with less certainty, which takes as much again."""

UNREADABLE_COPY: Final = "The store is being loaded, and its copy on disk gave no answer. Try again in a few seconds."

_NONE_UNKNOWN: Final[dict[str, list[str]]] = {}

_KEPT_BYTES: Final = 1 << 30
"""A worker that has copied more of the store's pages, or takes more itself, ends after its query."""

_STACK_BYTES: Final = 1 << 29  # deeply nested queries recurse deeply in the engine
_FORMATS: Final[dict[str, ResultFormat | GraphFormat]] = {f.name: f for f in (*RESULT_FORMATS, *GRAPH_FORMATS)}


def perform(engine: Engine, task: Task, file: int = -1) -> tuple[Outcome, Spool]:
    """Evaluates a task in this process; `file` is an open descriptor for a large result."""
    spool = Spool(task.result_bytes, file)
    hedged, unknown, began = 0, _NONE_UNKNOWN, time.thread_time()
    try:
        if task.why or task.citing:
            spool.write(_explained(engine, task) if task.why else _cited(engine, task))
            return Outcome("ok", format="json", size=spool.size), spool
        scanned = _scanned(engine, task)
        answer = scanned or engine.query(
            task.query,
            default_graphs=task.default_graphs,
            named_graphs=task.named_graphs,
            new_graphs=task.new_graphs,
        )
        name = task.graph if answer.is_graph else task.bindings
        if not name:
            offered = ", ".join(f"{f.name} ({f.media_type})" for f in answer.formats)
            return Outcome("not-acceptable", message=f"None of the types asked for fits this answer: {offered}."), spool
        answer.write(_FORMATS[name], spool)
        seconds = time.thread_time() - began
        if task.hinted and spool.file < 0:
            hedged, unknown = _hints(engine, task.query, math.inf if scanned or answer.optimised else seconds)
    except MissingLensError as error:
        return Outcome("lens", message=error.path), spool
    except KelisimError as error:
        if engine.on_disk and isinstance(error.__cause__, OSError):  # such as: removed by the writer of the history
            return Outcome("busy", message=UNREADABLE_COPY), spool
        return outcome_of(error), spool
    if hedged and name == "json":
        spool.insert(1, b'"hedged":{"rows":%d,"from":"%b"},' % (hedged, EVERYTHING.encode()))
    if unknown and name == "json":
        spool.insert(1, b'"unknown":%b,' % msgspec.json.encode(unknown))
    rows = spool.rows(name) if task.counted else -1
    slow = seconds > QUICK_SECONDS or engine.opens_files or (bool(engine.services) and _has_service(task))
    outcome = Outcome(
        "ok",
        format=name,
        rows=rows,
        size=spool.size,
        hedged=hedged,
        unknown=unknown,
        scanned=scanned is not None,
        optimised=scanned is None and answer.optimised,
        slow=slow,
    )
    return outcome, spool


def _has_service(task: Task) -> bool:
    return "SERVICE" in task.query.upper()


def _scanned(engine: Engine, task: Task) -> Answer | None:
    """The answer from columns, where there are any that have it."""
    if engine.columns is None or engine.touched is None or task.default_graphs or task.named_graphs:
        return None
    found: Answer | None = engine.columns.answer(task.query, engine.touched, allow_new_files)
    return found


def _cited(engine: Engine, task: Task) -> bytes:
    """The answer with the claims that its rows rest on, as JSON."""
    assert task.citing
    default, named = tuple(task.default_graphs), tuple(task.named_graphs)
    return cited_answer(engine, Asked(task.query, default, named, task.new_graphs, Citing(*task.citing)))


def _explained(engine: Engine, task: Task) -> bytes:
    """Why a triple is in the store, as JSON."""
    (quad,) = ox.parse(input=task.why, format=ox.RdfFormat.N_TRIPLES)
    return msgspec.json.encode(explain(engine.store, quad.triple))


def _hints(engine: Engine, query: str, seconds: float) -> tuple[int, dict[str, list[str]]]:
    """What the answer of a query that took so much processor time lacks: never a reason to lose it."""
    try:
        hedged = engine.hints.hedged_rows(query) if seconds < _HINTED_SECONDS else 0
        return hedged, engine.hints.unknown_names(query)
    except (KelisimError, ValueError):
        return 0, {}


def run_fork_server(control: socket.socket, load: Callable[[], Engine], memory_bytes: int) -> None:
    """The main loop of the fork server: handles requests from `control`, in order, until that is closed.

    `load` gives the engine, and may take long; a first reply is sent when that is done.
    ``worker`` comes with two file descriptors, the worker's end of its socket and its crash report; the reply is the
    process id. ``patch`` comes with a patch; the reply is sent when it is applied; ``move``
    likewise with a part of the log. ``version`` comes with the socket
    of a fork server of another version and with the log, from which that makes its state; ``history`` with the socket
    of one that loads the history in a folder. ``lens`` comes with the path
    of a lens; the reply is sent when it is made, or cannot be, so that all workers that are forked later know.
    ``columns`` comes with the path of columns to use, or with none when they are about to be made (`_use_columns`).
    ``gather`` comes with a pipe to which another process writes statistics of the store, which ``statistics`` then
    brings for the workers that are forked later; the reply is 0 where they are of no use.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the server, which closes the control socket
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the workers
    die_with_parent()
    diagnosis.prepare()
    engine = load()
    if is_reasoned(engine.store):
        rules()  # read before forking: workers may not open files
    engine.hints.prepare()
    gc.collect()
    gc.freeze()  # else a collection in a worker writes into the pages of all that is loaded
    give_back_memory()
    send(control, 0)
    _serve_forks(control, engine, memory_bytes)


def _serve_forks(control: socket.socket, engine: Engine, memory_bytes: int) -> None:
    while True:
        try:
            description, body, files = receive(control)
        except (EOFError, OSError):
            return
        if _is_told(engine, description, body):
            send(control, int(engine.optimiser is not None))  # who brought statistics wants to know
            continue
        pid = os.fork()
        if pid == 0:
            control.close()
            engine.lenses.builds = description["kind"] == "version"
            if description["kind"] == "history":
                _run_loaded(files[0], Path(description["what"]), engine, memory_bytes)
            elif description["kind"] == "version":
                _run_past(files[0], files[1], Rewind(*description["what"]), engine, memory_bytes)
            elif description["kind"] == "gather":
                die_with_parent()
                write_statistics(engine, files[0], description["what"])
            else:
                _run_worker(files[0], files[1], engine, memory_bytes)
            os._exit(0)
        if description["kind"] == "gather":
            engine.optimiser = Remembering()
        for file in files:
            os.close(file)
        send(control, pid)


def _is_told(engine: Engine, description: dict[str, Any], body: bytes) -> bool:
    """Takes a message on what workers have that are forked from now on; whether it is one."""
    match description["kind"]:
        case "patch":
            engine.apply(parse_patch(body))
        case "move":
            engine.apply(_way(description, body))
        case "columns":
            _use_columns(engine, description["what"])
        case "statistics":
            use_statistics(engine, body)
        case "lens":
            with suppress(KelisimError):  # the workers tell the error of a query through it
                engine.lenses.get(parse(description["what"]))
        case _:
            return False
    return True


def _use_columns(engine: Engine, what: list[str]) -> None:
    """Has workers forked from now on answer from the columns in a folder; without one, columns are to be made of now.

    Behind the folder are predicates that have changed between the version of the columns and that moment.

    In a fork server that was not asked to watch what changes meanwhile, nothing is used.
    """
    if not what:
        engine.touched_since = set()
    elif engine.touched_since is not None:
        from kg.columns.answering import Columns  # DuckDB is an extra

        engine.columns = Columns(Path(what[0]))
        engine.touched = engine.touched_since | {*what[1:]}


def _way(description: dict[str, Any], log: bytes) -> Patch:
    """What leads to another version, by the part of the log between."""
    return Rewind(*description["what"]).patch_of(log)


def _run_past(control_file: int, log: int, rewind: Rewind, engine: Engine, memory_bytes: int) -> None:
    """Makes the state of another version from this fork of the store, then forks workers as the fork server does."""
    os.nice(PAST_NICENESS)
    control = socket.socket(fileno=control_file)
    with os.fdopen(log, "rb") as file:
        patch = rewind.patch(file.fileno())
    if isinstance(engine.optimiser, Remembering):
        engine.optimiser = None  # the statistics that are awaited come to the latest version alone
    engine.apply(patch)
    send(control, 0)
    _serve_forks(control, engine, memory_bytes)


def _run_loaded(control_file: int, folder: Path, engine: Engine, memory_bytes: int) -> None:
    """Loads the latest version of a history, then forks workers as the fork server does."""

    def load() -> Engine:
        store = ox.Store()
        with History.open(folder, read_only=True) as history:
            history.load_into(store)
        return Engine(store, engine.services, engine.prefixes)

    try:
        run_fork_server(socket.socket(fileno=control_file), load, memory_bytes)
    except KelisimError as error:
        os.write(2, f"Error: {error}\n".encode())


def _run_worker(channel_file: int, crash_report: int, engine: Engine, memory_bytes: int) -> None:
    os.dup2(crash_report, 2)
    die_with_parent()
    limit_memory(memory_bytes, _STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    use_one_malloc_arena()
    channel = socket.socket(fileno=channel_file)
    threading.stack_size(_STACK_BYTES)
    thread = threading.Thread(target=_serve, args=(channel, engine, memory_bytes))
    thread.start()
    thread.join()


def _serve(channel: socket.socket, engine: Engine, memory_bytes: int) -> None:
    faulthandler.enable()  # in this thread, whose stack may overflow; it writes to the crash report
    spare = os.memfd_create(SPOOL_NAME)
    inbox = Inbox(channel)
    memory, stager = PrivateMemory(min(memory_bytes, _KEPT_BYTES)), Stager(engine, memory_bytes)
    with nullcontext() if engine.opens_files else forbid_new_files(spare):  # such as a store on disk, as it needs them
        while True:
            try:
                message = inbox.receive()
            except (EOFError, OSError):
                return
            try:
                used = _handle(channel, engine, message, spare, memory, stager)
            except MemoryError:
                os.write(2, b"memory allocation failed")
                os.abort()
            if memory.exceeded:
                return
            if used:  # the new one gets the same number, the lowest free one
                os.close(spare)
                spare = os.memfd_create(SPOOL_NAME)


def _handle(  # noqa: PLR0913, PLR0917 - what the process holds
    channel: socket.socket,
    engine: Engine,
    message: tuple[dict[str, Any], bytes],
    spare: int,
    memory: PrivateMemory,
    stager: Stager,
) -> bool:
    """Handles one message from the server; returns whether the spare file was used for the result."""
    description, body = message
    kind, what = description["kind"], description["what"]
    if kind in ("patch", "move"):
        engine.apply(parse_patch(body) if kind == "patch" else _way(description, body))
        return False
    if kind == "change":
        view, documents = memoryview(body), []
        for size in description["sizes"]:
            documents.append(bytes(view[:size]))
            view = view[size:]
        outcome, patch = stager.stage(Change(**what), documents)
        send(channel, outcome, patch)
        if not outcome.retires:
            stager.undo()
        return False
    task = Task(*what)
    if engine.services and _has_service(task):  # the guard has allowed only these
        with allow_new_files():
            outcome, spool = perform(engine, task, spare)
    else:
        outcome, spool = perform(engine, task, spare)
    if memory.is_exceeded():
        outcome = msgspec.structs.replace(outcome, retires=True)
    send(channel, outcome, spool.body, spool.file)
    return spool.file >= 0
