"""``kelisim cite``: how to cite a thing, the dataset, or the answer of a query, in a version of the data."""

from pathlib import Path
from urllib.parse import urlencode

import click

from kg.commands.cli import cli, load_dataset


@cli.command()
@click.argument("thing", required=False)
@click.option("--query", "query", help="Cite the answer of this query instead of a thing.")
@click.option(
    "--store", "folder", type=click.Path(file_okay=False, path_type=Path), help="Of the store in this folder."
)
@click.option("--version", "as_of", default="", help="This version of the store: a number, a digest or a date.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "bibtex", "csl", "ris"]),
    default="text",
    show_default=True,
    help="As a sentence, as BibTeX, CSL-JSON or RIS.",
)
@click.option(
    "--address",
    default="https://w3id.org/kelisim/",
    show_default=True,
    help="The address of the server on which the query is asked.",
)
@click.pass_context
def cite(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context, thing: str | None, query: str | None, folder: Path | None, as_of: str, form: str, address: str
) -> None:
    """Say how to cite THING (an IRI or prefixed name), or the answer of --query; without them the dataset.

    Example: kelisim cite id:astana --format bibtex
    """
    from kg.claims.citing import Source, cite_claim, sources
    from kg.curation.manifest import called
    from kg.engine.engine import Engine, with_prefixes
    from kg.history.history import History
    from kg.history.timeline import HistoryTimeline, Version
    from kg.language.labels import labels
    from kg.publishing.about import about_of_data
    from kg.publishing.citing import DATASET, answer_title
    from kg.publishing.citing import cite as cited
    from kg.rdf.set_digest import SetDigest
    from kg.store.reader import Reader
    from kg.views.footnotes import footnotes
    from ontology import BASE, PREFIXES, KelisimError

    if thing and query:
        raise click.UsageError("Give a thing or a query, and not both.")
    if folder:
        with History.open(folder / "history", read_only=True) as history:
            timeline = HistoryTimeline(history)
            version = timeline.get(timeline.resolve(as_of) if as_of else timeline.latest)
            reader = Reader(Engine(history.load(version.number)))
    elif as_of:
        raise click.UsageError("Versions are those of a store: name its folder with --store.")
    else:
        dataset = load_dataset(ctx)
        reader, digest = Reader(Engine(dataset.quads)), SetDigest()
        digest.add(line + b"\n" for line in dataset.lines)
        about = about_of_data(reader, called(ctx.obj))
        day = about.day("modified") or about.day("issued")
        version = Version(0, day, digest.hexdigest(), dataset.digest)
    about = about_of_data(reader, folder.resolve().name if folder else called(ctx.obj))
    if query:
        title = answer_title(query)
        asked = f"{address.rstrip('/')}/sparql?{urlencode({'query': with_prefixes(query), 'version': version.number})}"
        found = cited(title, asked, version, about=about, key=f"answer-{version.number}")
    elif thing:
        prefix, _, local = thing.partition(":")
        iri = PREFIXES[prefix] + local if prefix in PREFIXES else thing if ":" in thing else f"{BASE}id/{thing}"
        name = labels(reader, [iri], "en")[iri]
        if not name.language and not reader.ask(f"ASK {{ <{iri}> ?p ?o }}"):
            raise KelisimError(f"Nothing is known of <{iri}>. kelisim show finds things by their names.")
        if note := footnotes(reader, [iri], "en").get(iri):
            source = sources(reader, [note.article], "en").get(note.article, Source(note.article))
            found = cite_claim(note, source, version)
        else:
            found = cited(str(name), iri, version, about=about)
    else:
        found = cited(DATASET if about.ours else str(about.title("en")), about.iri(address), version, about=about)
    click.echo(getattr(found, form))
