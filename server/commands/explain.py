"""``kelisim explain``: why a query has no rows, and what each of its lines leaves."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.commands.cli import cli, given_query, load_dataset, query_argument

if TYPE_CHECKING:
    from kg.engine.engine import Engine
    from kg.store.store import Store

__all__ = ["explain"]


@cli.command()
@query_argument
@click.option("--endpoint", help="Explain it over this SPARQL endpoint instead of the local graph; it is asked often.")
@click.option("--row", default="", metavar="VALUES", help="Ask why this row is missing: '?who=id:astana ?day=\"…\"'.")
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(0.1, 600), help="Time for all of it.")
@click.option("--all", "everything", is_flag=True, help="Show all findings, not the most useful only.")
@click.option(
    "--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="To tell it in."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def explain(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    query: str | None,
    file: Path | None,
    endpoint: str | None,
    row: str,
    seconds: float,
    everything: bool,
    language: str,
    as_json: bool,
) -> None:
    """Tell why QUERY has no rows, or why one row is missing: which lines fail together, and what would give rows.

    Each proposal was run. For a query with rows it tells how many each line leaves. Our prefixes need not be declared.

    Example: kelisim explain 'SELECT ?visit { ?visit kel:visitor "Putin" }'
    """
    from rich.console import Console

    from kg.commands.explain import render
    from kg.engine.engine import Engine
    from kg.explanations.explanation import Asked
    from kg.explanations.explanation import explain as explained
    from kg.explanations.probing import Budget
    from kg.explanations.records import record
    from kg.explanations.sources import EndpointSource, StoreSource
    from ontology import PREFIXES
    from server.http.languages import translator

    asked = Asked(given_query(query, file), row, known=PREFIXES, language=language)
    budget = max(2.0, seconds / 4)
    if endpoint is not None:
        found = explained(EndpointSource(endpoint), asked, Budget(seconds, budget))
    else:
        with _served(Engine(load_dataset(ctx).quads)) as store:
            found = explained(StoreSource(store), asked, Budget(seconds, budget))
    if as_json:
        click.echo(json.dumps(record(found, translator(language)), ensure_ascii=False, indent=1))
    else:
        Console().print(render(found, translator(language), everything=everything))


@contextmanager
def _served(engine: "Engine") -> Iterator["Store"]:
    """A store whose queries run in worker processes, which can be stopped."""
    import asyncio

    from kg.engine.limits import Limits
    from kg.store.store import Store
    from kg.workers.pool import WorkerPool

    pool = WorkerPool(lambda: engine, Limits(workers=2))  # forks, so before there are threads
    store = Store(pool, "local")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    loop.call_soon(store.start, loop)
    thread.start()
    try:
        yield store
    finally:
        loop.call_soon_threadsafe(pool.shut_down)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        pool.close()
        loop.close()
