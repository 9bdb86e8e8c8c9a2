"""The command ``check``: all checks of curated files in one go."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.commands.cli import articles_of, cli
from kg.commands.progress import progress

if TYPE_CHECKING:
    from kg.checks.collection import Collection
    from kg.checks.examination import Examination
    from kg.checks.findings import Finding

__all__ = ["check", "finding_line"]


@cli.command()
@click.argument("article", required=False, default="")
@click.option(
    "--articles",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder with the articles' texts (.txt, UTF-8); of a package its own, if it is there.",
)
@click.option("--no-write", is_flag=True, help="Leave the records of passages as they are.")
@click.option("--no-reasoning", is_flag=True, help="Leave out the reasoner, which takes longest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, article: str, folder: Path | None, no_write: bool, no_reasoning: bool, as_json: bool
) -> None:
    """Check the claims of ARTICLE (mp23, say), or of all: each message has file, line, claim, and how to mend it.

    Brings the records of passages up to date, then checks vocabularies, figures, dates, speakers, modality, passages,
    duplicates, coverage, the shapes and consistency. Ends with status 1 if there is an error; warnings are places to
    look at again.

    kelisim check mp23 --articles ../articles
    """
    from kg.checks.collection import Collection, collect, curated_texts
    from kg.checks.examination import Examination, examine, find_articles, malformed
    from kg.curation.shipped import packaged_data

    data = ctx.obj or Path(str(packaged_data()))
    folder = folder or articles_of(data)
    with progress("Checking the curated files"):
        texts = curated_texts(data)
        collection = collect(texts)
        found = malformed(texts, collection)
        if found:
            unread = "Nothing but syntax was checked: the files cannot be read."
            examination = Examination((), 0, tuple(sorted(found)), (unread,))
        else:
            articles, missing = find_articles(collection, folder) if folder else ({}, [])
            collection = Collection(collection.files, articles)
            if folder and not no_write:
                texts |= _write_passages(collection, data, texts, article)
                collection = collect(texts, articles)
            examination = examine(collection, article, reasoning=not no_reasoning)
            listed = tuple(sorted({*examination.findings, *missing}))
            examination = Examination(examination.articles, examination.claims, listed, examination.unchecked)
    if as_json:
        click.echo(json.dumps(examination.as_json(), ensure_ascii=False, indent=1))
    else:
        _print(examination, data)
    if examination.errors:
        ctx.exit(1)


def _write_passages(collection: "Collection", data: Path, texts: dict[str, str], only: str) -> dict[str, str]:
    """Writes the records of passages that are out of date; the texts of the files written, by path."""
    from kg.checks.passages import rendered
    from kg.curation.export import make_folder, write

    written = {}
    for name in sorted({c.numbered[0] for c in collection.claims} - {""}):
        path, text = f"passages/{name}.ttl", rendered(collection, name)
        if text and text != texts.get(path) and only in {"", name}:
            make_folder((data / path).parent)
            write(text.encode(), data / path)
            click.echo(f"Wrote {_shown(data / path)}.", err=True)
            written[path] = text
    return written


def _print(examination: "Examination", data: Path) -> None:
    """Prints the findings, each on a line that editors can follow, and a summary."""
    for finding in examination.findings:
        click.echo(finding_line(finding, data))
    for unchecked in examination.unchecked:
        click.echo(f"Unchecked: {unchecked}", err=True)
    errors, warnings = examination.errors, examination.warnings
    counted = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    click.echo(f"{counted} in {examination.claims} claims of {', '.join(examination.articles) or 'no article'}.")


def finding_line(finding: "Finding", data: Path) -> str:
    """The finding on a line that editors can follow, its file as seen from here."""
    return str(finding).replace(finding.file, _shown(data / finding.file), 1)


def _shown(path: Path) -> str:
    """The path from here, if it is below; else in full."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
