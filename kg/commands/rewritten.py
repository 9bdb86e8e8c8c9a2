"""Prints how a query is rewritten to cost less, and why."""

import json
from collections.abc import Callable

import click

from kg.curation.dataset import Dataset
from kg.engine.engine import Engine, with_prefixes
from kg.engine.rewriting import rewrite
from kg.optimisation.optimiser import Optimiser
from kg.optimisation.statistics import gather


def print_rewritten(query: str, form: str, dataset: Callable[[], Dataset]) -> None:
    """Prints the reasons and the query as a server evaluates it over the whole dataset; as JSON if `form` is ``json``.

    Raises the errors of the query.
    """
    text = with_prefixes(query)
    engine = Engine(dataset().quads)
    statistics = gather(engine.store)
    if statistics:
        engine.optimiser = Optimiser(statistics)
    engine.query(text)  # what is wrong with it is told first
    found = engine.optimised(rewrite(text))
    if form == "json":
        click.echo(json.dumps({"reasons": found.reasons, "query": found.text}, ensure_ascii=False, indent=1))
        return
    for reason in found.reasons or ("Nothing is rewritten: it is evaluated as it is written.",):
        click.echo(reason)
    click.echo(found.text)
