"""The command ``draft``: a file of claims to fill in, from an article's text."""

import json
from pathlib import Path

import click

from kg.commands.cli import articles_option, cli
from kg.commands.progress import progress
from ontology.iris import ID

__all__ = ["draft"]


@cli.command()
@click.argument("name")
@articles_option
@click.option("--publisher", default="", help="Who publishes the article, such as izvestia; else it is guessed.")
@click.option("--json", "as_json", is_flag=True, help="Print what is proposed of each sentence as JSON.")
@click.pass_context
def draft(ctx: click.Context, name: str, folder: Path, publisher: str, as_json: bool) -> None:
    """Propose claims on the article NAME (tmp24, say), a new text of the folder: NAME.txt, or the only new one.

    Writes its record, claims to fill in, their passages, and omissions. Each proposal has a mark, [?], and while a mark
    is open nothing validates: correct or delete what is proposed, and delete its mark. What is there already is never
    overwritten.

    kelisim draft tmp24 --articles ../articles
    """
    from kg.checks.collection import collect, curated_texts
    from kg.curation.export import make_folder, write
    from kg.curation.manifest import read_manifest
    from kg.curation.shipped import packaged_data
    from kg.drafts.drafting import draft as drafted

    data = ctx.obj or Path(str(packaged_data()))
    with progress("Reading the article"):
        texts = curated_texts(data)
        manifest = read_manifest(data)
        prefix = manifest.prefix if manifest else ""
        found = drafted(collect(texts), texts, name, folder, f"{ID}{publisher}" if publisher else "", prefix=prefix)
    for path, text in found.files.items():
        make_folder((data / path).parent)
        write(text.encode(), data / path)
        click.echo(f"Wrote {data / path}.", err=as_json)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
        return
    if found.unknown:
        listed = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in found.unknown.items())
        click.echo(f"Names that nothing here has, to be declared in entities/ if they are needed: {listed}.")
    click.echo(
        f"{len(found.sentences)} sentences, {found.marks} open marks [?]: judge each proposal, correct or delete it, "
        f"and delete its mark. `kelisim read {name}` prints the sentences, `kelisim check {name}` what is left."
    )
