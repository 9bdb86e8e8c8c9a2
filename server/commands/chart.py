"""``kelisim chart``: writes a chart or map as an image or as data."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from kg.commands.cli import cli, load_dataset
from ontology import KelisimError

__all__ = ["chart"]


def _names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from kg.charts.registry import NAMES

    return [CompletionItem(name) for name in NAMES if name.startswith(incomplete)]


@cli.command()
@click.argument("name", required=False, shell_complete=_names)
@click.option("--list", "listed", is_flag=True, help="List the names of charts.")
@click.option("--party", help="Only what one state or other party has to do with: its identifier or name.")
@click.option("--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="To write in.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file, whose ending says what it is: .svg, .png, .csv, or .json for the Vega-Lite document.",
)
@click.pass_context
def chart(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, name: str | None, listed: bool, party: str | None, language: str, output: Path | None
) -> None:
    """Write the chart NAME (trade, direct-investment, events, map, …) to a file."""
    from kg.charts.chart import Chart
    from kg.charts.maps import with_countries
    from kg.charts.registry import NAMES, ChartRequest
    from kg.charts.registry import chart as find
    from kg.commands.progress import progress
    from kg.curation.export import write
    from kg.engine.engine import Engine
    from kg.search.lookup import resolve
    from kg.store.reader import Reader
    from server.http.languages import translator
    from server.pages.charts import world

    if listed:
        click.echo("\n".join(NAMES))
        return
    if name is None or output is None:
        raise click.UsageError("Give the name of a chart and a file with --output; --list tells the names.")
    drawn: dict[str, Callable[[Chart], str | bytes]] = {
        ".svg": Chart.svg,
        ".png": Chart.png,
        ".csv": Chart.csv,
        ".json": lambda chart: json.dumps(chart.document(), ensure_ascii=False, indent=1),
    }
    if output.suffix not in drawn:
        raise click.UsageError(f"{output.name} has no ending of a chart: give {', '.join(drawn)}.")
    reader = Reader(Engine(load_dataset(ctx).quads))
    narrowing = {"party": resolve(reader, party)} if party else {}
    found = find(reader, ChartRequest(name, narrowing), language, translator(language))
    if found is None:
        raise KelisimError(f"There is nothing to draw for {name!r}. There are charts of: {', '.join(NAMES)}.")
    with progress("Drawing"):
        body = drawn[output.suffix](with_countries(found, world()))
    write(body.encode() if isinstance(body, str) else body, output)
    click.echo(f"Wrote {output}.")
