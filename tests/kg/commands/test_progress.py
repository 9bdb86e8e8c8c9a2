"""What long work shows: a bar where a person looks, and nothing where a program reads."""

import os
import pty
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console

from kg.commands.progress import progress


def test_a_terminal_shows_a_bar_and_a_pipe_does_not(kelisim: str) -> None:
    ours, theirs = pty.openpty()
    command = [kelisim, "export", "--format", "nquads"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"TERM": "xterm"}) as process,
        ThreadPoolExecutor() as beside,
    ):
        os.close(theirs)
        reading = beside.submit(_all_of, ours)  # at the same time: a full terminal would stop the process
        assert process.stdout
        shown = process.stdout.read()
        told = reading.result()
    os.close(ours)
    assert b"Reading the curated files" in told
    assert b"Writing nquads" in told
    piped = subprocess.run(command, capture_output=True, check=True)
    assert piped.stderr == b""
    assert piped.stdout == shown


def _all_of(terminal: int) -> bytes:
    told = b""
    try:
        while part := os.read(terminal, 65536):
            told += part
    except OSError:  # how Linux says that nobody holds the other end
        pass
    return told


def test_the_bar_shows_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(force_terminal=True, record=True, width=120)
    monkeypatch.setattr("rich.console.Console", lambda **_: console)
    with progress("Loading into [red]store[/red] :floppy_disk:"):
        pass
    assert "Loading into [red]store[/red] :floppy_disk:" in console.export_text()
