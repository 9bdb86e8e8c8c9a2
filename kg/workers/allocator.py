"""Which memory allocator a command runs with: mimalloc, where its wheel is here, else that of the C library.

The engine allocates for each term and row, and glibc's malloc takes up to half of the processor time of a query over a
large store. An allocator must be there before the program starts, so the command executes itself once more with
``LD_PRELOAD`` (ld.so(8)): the same process, with the same arguments and open files. The environment of the processes
that it starts later is that which it was given itself.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from ontology import KelisimError

Allocator = Literal["mimalloc", "system"]

_RESTARTED: Final = "KELISIM_RESTARTED"
"""The variable that tells the second run what variables the first one had; while it is set there is no third."""

_PACKAGE: Final = "cmeel-mimalloc"
_LIBRARY: Final = "libmimalloc.so"
_RESERVED: Final = {"MIMALLOC_ARENA_RESERVE": "32MiB"}
"""mimalloc takes address space in steps that grow from here, 1 GiB if it is not told: what a worker inherits of them
comes on top of its limit (`kg.workers.confinement`)."""

_program = False


def is_program() -> None:
    """Says that this process is that of the command, and may be replaced; one that only calls its functions may not."""
    global _program  # noqa: PLW0603 - it is about the process
    _program = True


def in_use() -> str:
    """The allocator of this process: ``mimalloc`` and its version, or ``system``."""
    import ctypes

    version = getattr(ctypes.CDLL(None), "mi_version", None)
    if version is None:
        return "system"
    number = int(version())
    step = 100 if number >= 10_000 else 10  # 30403 is 3.4.3, and 212 was 2.1.2
    return f"mimalloc {number // step**2}.{number // step % step}.{number % step}"


def use(wanted: Allocator) -> str:
    """Goes on with the allocator, by executing the command once more if need be; returns why it could not, or nothing.

    Call it before the process has threads, or files open that it needs: only the three standard ones stay.
    """
    before = os.environ.pop(_RESTARTED, None)
    if before is not None:
        _restore(before)
    if wanted == "system" or not _program or in_use() != "system":
        return ""
    if before is not None:
        return "the dynamic linker did not load it"
    preloaded = os.environ.get("LD_PRELOAD", "")
    if "malloc" in preloaded:
        return f"LD_PRELOAD={preloaded} names one"
    try:
        new = {"LD_PRELOAD": " ".join(filter(None, [str(library()), preloaded]))}
    except KelisimError as error:
        return str(error)
    new |= {name: value for name, value in _RESERVED.items() if name not in os.environ}
    import json

    marked = {_RESTARTED: json.dumps({name: os.environ.get(name) for name in new})}
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **new, **marked})  # noqa: S606
    except OSError as error:
        return f"{sys.executable} could not be executed again: {error.strerror}"


def library() -> Path:
    """mimalloc's shared library, as its package lists it, which this system can load; raises KelisimError if not."""
    import ctypes
    from importlib.metadata import PackageNotFoundError, files

    if not sys.platform.startswith("linux"):
        raise KelisimError(f"LD_PRELOAD is not known to work on {sys.platform}")
    try:
        listed = files(_PACKAGE) or []
    except PackageNotFoundError as error:
        raise KelisimError(f"the package {_PACKAGE} is not installed") from error
    path = next((Path(str(file.locate())).resolve() for file in listed if file.name == _LIBRARY), None)
    if path is None or not path.is_file():
        raise KelisimError(f"the package {_PACKAGE} has no {_LIBRARY}")
    if any(character in str(path) for character in " :\t\n"):
        raise KelisimError(f"LD_PRELOAD cannot name {str(path)!r}")
    if not sys.executable or sys.argv[0] in ("", "-"):
        raise KelisimError("this program has no file that could be executed again")
    try:
        ctypes.CDLL(str(path))  # one of another C library, or processor, would not let any program start
    except OSError as error:
        raise KelisimError(str(error)) from error
    return path


def _restore(before: str) -> None:
    """Sets variables to what they were at first."""
    import json

    with suppress(ValueError, AttributeError):  # else it is not ours
        for name, value in json.loads(before).items():
            if name not in {"LD_PRELOAD", *_RESERVED}:
                continue
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = str(value)
