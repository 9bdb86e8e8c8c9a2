"""What a terminal shows while long work goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(words: str) -> Iterator[None]:
    """A bar that moves while the block works, with what is being done and for how long; gone at its end.

    It stands on standard error, and only where that is a terminal, so that programs read the answer alone.
    """
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(words, total=None)  # no engine that we call tells how far it is
        yield
