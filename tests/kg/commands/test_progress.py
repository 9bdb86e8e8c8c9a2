"""What long work shows: a bar where a person looks, and nothing where a program reads."""

import os
import pty
import subprocess


def test_a_terminal_shows_a_bar_and_a_pipe_does_not(kelisim: str) -> None:
    ours, theirs = pty.openpty()
    command = [kelisim, "export", "--format", "nquads"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(theirs)
        assert process.stdout
        shown = process.stdout.read()
    told = b""
    try:
        while part := os.read(ours, 65536):
            told += part
    except OSError:  # how Linux says that nobody holds the other end
        pass
    os.close(ours)
    assert b"Reading the curated files" in told
    assert b"Writing nquads" in told
    piped = subprocess.run(command, capture_output=True, check=True)
    assert piped.stderr == b""
    assert piped.stdout == shown
