"""Progress bars on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(words: str) -> Iterator[None]:
    """An indeterminate progress bar, with a description and the elapsed time, while the block runs.

    Printed on standard error, and only if that is a terminal.
    """
    console = Console(stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(words, total=None)  # the engines do not report progress
        yield


@contextmanager
def counted_progress(words: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar with counts; the function takes what is being done, how much of it is done, and of how much.

    Printed as `progress` is.
    """
    console = Console(stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
