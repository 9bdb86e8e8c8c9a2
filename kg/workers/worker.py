"""The processes in which queries are evaluated, so that whatever a query does, the server goes on.

A *fork server* holds the store and forks *workers* from it: a fork shares the store's pages and takes milliseconds.
A worker answers one query after another on a socket. It may be killed at any moment, and dies by itself when a query
takes more memory or stack than it may; what it says last stands in a file that the server reads. Reading counts
references in the store's pages, so that a worker has copies of ever more of them; it ends when they are as large as
what a query may take, and another is forked in its place. A change is worked out
in a worker of its own, whose fork of the store is the staged copy; what comes of it is a patch, which fork server and
workers take in once the server has made it last.
"""

import faulthandler
import os
import resource
import signal
import socket
import threading
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from kg.changes.staging import Change, DocumentError, stage
from kg.changes.validation import validate_change
from kg.engine import diagnosis
from kg.engine.engine import Engine, OperationError
from kg.engine.errors import QuerySyntaxError
from kg.engine.guard import OutboundRefusedError
from kg.engine.replies import SPOOL_NAME
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS, GraphFormat, ResultFormat
from kg.rdf.patches import parse as parse_patch
from kg.workers.confinement import (
    PrivateMemory,
    allow_new_files,
    die_with_parent,
    forbid_new_files,
    use_one_malloc_arena,
)
from kg.workers.messages import Outcome, Task
from kg.workers.spool import ResultTooLargeError, Spool
from kg.workers.wire import Inbox, receive, send
from ontology import KelisimError
from shapes import in_words

_STACK_BYTES: Final = 1 << 29  # deeply nested queries recurse deeply in the engine
_FORMATS: Final[dict[str, ResultFormat | GraphFormat]] = {f.name: f for f in (*RESULT_FORMATS, *GRAPH_FORMATS)}


def perform(engine: Engine, task: Task, file: int = -1) -> tuple[Outcome, Spool]:
    """Evaluates a task in this process; `file` is one for a large answer."""
    spool = Spool(task.result_bytes, file)
    try:
        answer = engine.query(task.query, default_graphs=task.default_graphs, named_graphs=task.named_graphs)
        name = task.graph if answer.is_graph else task.bindings
        if not name:
            offered = ", ".join(f"{f.name} ({f.media_type})" for f in answer.formats)
            return Outcome("not-acceptable", message=f"None of the types asked for fits this answer: {offered}."), spool
        answer.write(_FORMATS[name], spool)
    except KelisimError as error:
        return _failure(error), spool
    return Outcome("ok", format=name, rows=spool.rows(name) if task.counted else -1, size=spool.size), spool


def stage_change(engine: Engine, change: Change, documents: Iterable[bytes]) -> tuple[Outcome, bytes]:
    """Works a change out on this process's copy of the store: the patch, or why it may not be."""
    try:
        patch = stage(engine, change, documents)
        with allow_new_files():  # the shapes are read, and code that is first needed now
            report = validate_change(engine, patch)
            if report and not report.conforms:
                return Outcome("invalid", message=in_words(report)), report.to_turtle().encode()
        return Outcome("ok"), patch.serialize()
    except KelisimError as error:
        return _failure(error), b""


def _failure(error: KelisimError) -> Outcome:
    if isinstance(error, QuerySyntaxError):
        return Outcome("syntax", line=error.line, column=error.column, template=error.template, values=error.values)
    kinds: dict[type[KelisimError], str] = {
        ResultTooLargeError: "too-large",
        OutboundRefusedError: "outbound",
        DocumentError: "document",
        OperationError: "operation",
    }
    return Outcome(kinds.get(type(error), "error"), message=str(error))


def run_fork_server(control: socket.socket, engine: Engine, memory_bytes: int) -> None:
    """Runs as the fork server: does what `control` asks for, one after another, until that closes.

    ``worker`` brings two files, the worker's end of its socket and the file for its crash report; the answer is its
    process id. ``patch`` brings a patch; the answer comes when it is taken in.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's business; it closes the control socket
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the workers
    die_with_parent()
    diagnosis.prepare()
    while True:
        try:
            description, body, files = receive(control)
        except (EOFError, OSError):
            return
        if description["kind"] == "patch":
            engine.apply(parse_patch(body))
            send(control, 0)
            continue
        pid = os.fork()
        if pid == 0:
            control.close()
            _work(files[0], files[1], engine, memory_bytes)
            os._exit(0)
        for file in files:
            os.close(file)
        send(control, pid)


def _work(channel_file: int, crash_report: int, engine: Engine, memory_bytes: int) -> None:
    os.dup2(crash_report, 2)
    die_with_parent()
    pages = int(open("/proc/self/statm").read().split()[0])  # noqa: PTH123, SIM115 - one read in a process of its own
    limit = pages * resource.getpagesize() + memory_bytes + _STACK_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    use_one_malloc_arena()
    channel = socket.socket(fileno=channel_file)
    threading.stack_size(_STACK_BYTES)
    thread = threading.Thread(target=_answer, args=(channel, engine, memory_bytes))
    thread.start()
    thread.join()


def _answer(channel: socket.socket, engine: Engine, memory_bytes: int) -> None:
    faulthandler.enable()  # in this thread, whose stack it is that may run over: it tells the crash report
    spare = os.memfd_create(SPOOL_NAME)
    inbox = Inbox(channel)
    memory = PrivateMemory(memory_bytes)
    with forbid_new_files(spare):
        while True:
            try:
                message = inbox.receive()
            except (EOFError, OSError):
                return
            try:
                used = _do(channel, engine, message, spare, memory)
            except MemoryError:
                os.write(2, b"memory allocation failed")
                os.abort()
            if memory.exceeded:
                return
            if used:  # the next one gets the same number, the lowest that is free
                os.close(spare)
                spare = os.memfd_create(SPOOL_NAME)


def _do(
    channel: socket.socket, engine: Engine, message: tuple[dict[str, Any], bytes], spare: int, memory: PrivateMemory
) -> bool:
    """Does what the server asks for, and tells whether the spare file was used for the answer."""
    description, body = message
    kind, what = description["kind"], description["what"]
    if kind == "patch":
        engine.apply(parse_patch(body))
        return False
    if kind == "change":
        view, documents = memoryview(body), []
        for size in description["sizes"]:
            documents.append(bytes(view[:size]))
            view = view[size:]
        outcome, patch = stage_change(engine, Change(**what), documents)
        send(channel, outcome, patch)
        return False
    task = Task(*what)
    if engine.services and "SERVICE" in task.query.upper():  # the guard lets it ask none but those
        with allow_new_files():
            outcome, spool = perform(engine, task, spare)
    else:
        outcome, spool = perform(engine, task, spare)
    if memory.is_exceeded():
        outcome = msgspec.structs.replace(outcome, retires=True)
    send(channel, outcome, spool.body, spool.file)
    return spool.file >= 0
