"""The command group ``kelisim`` and the commands for curation, export and queries."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.commands.progress import progress
from kg.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS
from ontology import KelisimError
from ontology.namespaces import MODALITIES

if TYPE_CHECKING:
    from kg.curation.curated import Curation
    from kg.curation.dataset import Dataset
    from kg.curation.sources import ArticleText
    from kg.engine.engine import Engine

_LISTED = 20
FORMAT_NAMES = [f.name for f in (*RESULT_FORMATS, *GRAPH_FORMATS)]


class Group(click.Group):
    """A command group that turns KelisimError into a message and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KelisimError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group)
@click.version_option(package_name="kelisim")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read the curated files of this folder instead of those in the package; its questions too, if it has any.",
)
@click.pass_context
def cli(ctx: click.Context, data: Path | None) -> None:
    """Kelisim: a knowledge graph of diplomacy in which every fact says who said so."""
    ctx.obj = data


def curation(ctx: click.Context, *, drafts: bool = False) -> "Curation":
    """The curated files of the option ``--data``; drafts, which have open marks, only if asked for."""
    from kg.curation.curated import read_curation

    found = read_curation(ctx.obj, drafts=drafts)
    if ctx.obj and found.left_out:
        listed = "".join(f"\n  {name}" for name in found.left_out[:_LISTED])
        rest = len(found.left_out) - _LISTED
        click.echo(f"Left out in {ctx.obj}:{listed}" + (f"\n  and {rest} more" if rest > 0 else ""), err=True)
    return found


def load_dataset(ctx: click.Context) -> "Dataset":
    """Builds the dataset of the curated files."""
    from kg.curation.built import packaged_dataset
    from kg.curation.dataset import build

    with progress("Reading the curated files"):
        return build(curation(ctx)) if ctx.obj else packaged_dataset()


def _opening(ctx: click.Context) -> Callable[[], "Engine"]:
    """Begins to read the dataset that is kept; the function waits for it, or builds the dataset, for an engine."""
    from kg.curation.kept import KeptStores

    kept = None if ctx.obj else KeptStores()

    def opened() -> "Engine":
        from kg.engine.engine import Engine

        store = kept.store() if kept else None
        if store is None or kept is None:
            return Engine(load_dataset(ctx).quads)
        engine = Engine(store)
        engine.hints.copy = kept.copy
        return engine

    return opened


def articles_option(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the option ``--articles`` to a command, as its parameter `folder`."""
    return click.option(
        "--articles",
        "folder",
        required=True,
        type=click.Path(path_type=Path),
        help="Folder with the articles' texts (.txt, UTF-8).",
    )(command)


@cli.command()
@click.argument("article")
@articles_option
@click.option("--paragraph", type=int, help="Only this paragraph.")
@click.pass_context
def read(ctx: click.Context, article: str, folder: Path, paragraph: int | None) -> None:
    """Print an article's sentences with their numbers, for curating."""
    text = _article(curation(ctx, drafts=True), folder, article)
    for part in text.paragraphs if paragraph is None else [text.paragraph(paragraph)]:
        for s in text.sentences(part):
            click.echo(f"p{part.number}-s{s.number}\t{text.text[s.start : s.end]}")


def _article(curated: "Curation", folder: Path, name: str) -> "ArticleText":
    from kg.curation.verification import article_texts

    texts = article_texts(curated, folder)
    if name not in texts:
        raise KelisimError(f"There is no article {name!r} in kg/data/sources.ttl; there are: {', '.join(texts)}.")
    return texts[name]


@cli.command()
@click.argument("article")
@articles_option
@click.pass_context
def passages(ctx: click.Context, article: str, folder: Path) -> None:
    """Write the records of the passages that an article's claims refer to."""
    from kg.curation.export import make_folder, write
    from kg.curation.passages import Passage, render

    curated = curation(ctx, drafts=True)
    text = _article(curated, folder, article)
    found = [Passage.parse(c.value("passage")) for c in curated.claims]
    from kg.curation.curated import packaged_data

    path = (ctx.obj or Path(str(packaged_data()))) / "passages" / f"{article}.ttl"
    make_folder(path.parent)
    write(render((p for p in found if p.article == article), text).encode(), path)
    click.echo(f"Wrote {path}.")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def stats(ctx: click.Context, as_json: bool) -> None:
    """Print counts, digest and version of the dataset."""
    statistics = load_dataset(ctx).statistics()
    if as_json:
        click.echo(json.dumps(statistics, indent=1))
        return
    for name, value in statistics.items():
        if isinstance(value, dict):
            click.echo(f"{name}:")
            for key, count in value.items():
                click.echo(f"  {key}: {count}")
        else:
            click.echo(f"{name}: {value}")


def query_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command a query, as its argument or by ``--file``; `given_query` reads it."""
    option = click.option(
        "--file",
        "file",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
        help="Read the query from a file (- for standard input).",
    )
    return click.argument("query", required=False)(option(command))


def given_query(query: str | None, file: Path | None) -> str:
    """The query of a command; raises a usage error unless it comes in one of the two ways."""
    from kg.rdf.files import read_file_or_stdin

    if (query is None) == (file is None):
        raise click.UsageError("Give a query, or a file with --file, and not both.")
    return read_file_or_stdin(file) if file else query or ""


@cli.command()
@query_argument
@click.option("--endpoint", help="Ask this SPARQL endpoint instead of the local graph.")
@click.option(
    "--store", "folder", type=click.Path(file_okay=False, path_type=Path), help="Ask the store in this folder."
)
@click.option("--version", "as_of", default="", help="Ask this version of the store: a number, a digest or a date.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *FORMAT_NAMES]),
    default="table",
    show_default=True,
    help="A table on the terminal, or the format of the answer.",
)
@click.option("--lens", help="Look through a lens, such as as-of/2023-12-31 or speaker/vladimir-putin.")
@click.option("--cite", is_flag=True, help="Tell the claims that each row rests on.")
@click.option(
    "--min-certainty", type=click.Choice(MODALITIES), help="Only rows whose weakest link is at least so sure."
)
@click.option("--min-sources", type=click.IntRange(0, 999), default=0, help="Only rows that so many sources tell.")
@click.option("--rewritten", is_flag=True, help="Tell how a server rewrites the query to cost less, and why.")
@click.pass_context
def query(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    query: str | None,
    file: Path | None,
    endpoint: str | None,
    folder: Path | None,
    as_of: str,
    form: str,
    lens: str | None,
    cite: bool,
    min_certainty: str | None,
    min_sources: int,
    rewritten: bool,
) -> None:
    """Ask a SPARQL query. Our prefixes need not be declared.

    A lens selects the claims that the query sees, as does FROM <https://w3id.org/kelisim/lens/…> in it:

    kelisim query --lens as-of/2023-12-31 'SELECT ?thing ?status { ?thing kel:latestStatus ?status }'

    With --cite each row has the claims that it rests on, and how sure it is by its weakest link:

    kelisim query --cite 'SELECT ?visitor { ?visit kel:visited id:kazakhstan ; kel:visitor ?visitor }'

    With --rewritten it is not answered, but shown as a server of a large store evaluates it:

    kelisim query --rewritten 'SELECT ?class (COUNT(*) AS ?n) { ?thing a ?class } GROUP BY ?class'
    """
    opened = _opening(ctx) if endpoint is None and folder is None else None

    from kg.commands.printing import print_answer, through
    from kg.engine.engine import Engine

    text = given_query(query, file)
    if as_of and folder is None:
        raise click.UsageError("Versions are those of a store: name its folder with --store.")
    if folder and endpoint:
        raise click.UsageError("Give --store or --endpoint, and not both.")
    asked = through(lens, text) if lens is not None else text
    engine = opened or (lambda: Engine(stored(folder, as_of).quads if folder else ()))
    if rewritten:
        from kg.commands.rewritten import print_rewritten

        if endpoint or lens is not None or cite or min_certainty or min_sources:
            raise click.UsageError(
                "--rewritten is of queries over a whole store: leave out --endpoint, --lens, --cite."
            )
        print_rewritten(text, form, lambda: stored(folder, as_of) if folder else load_dataset(ctx))
    elif cite or min_certainty or min_sources:
        from kg.citations.cited import Citing
        from kg.commands.cited import print_cited

        print_cited(asked, form, endpoint, engine, Citing(cite, min_certainty or "", min_sources))
    else:
        print_answer(asked, form, endpoint, engine)


def stored(folder: Path, as_of: str = "") -> "Dataset":
    """A version of the store in a folder, by default the latest."""
    from kg.curation.dataset import from_quads
    from kg.history.history import History
    from kg.history.timeline import HistoryTimeline

    if not (folder / "history").is_dir():
        raise KelisimError(f"{folder} holds no store: name the folder that was given to kelisim serve --store.")
    with History.open(folder / "history", read_only=True) as history, progress(f"Reading {folder}"):
        return from_quads(history.load(HistoryTimeline(history).resolve(as_of) if as_of else None))


@cli.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def questions(ctx: click.Context, as_json: bool) -> None:
    """List the questions that the graph answers, one a line."""
    from kg.publishing.questions import read_questions

    if ctx.invoked_subcommand:
        return
    problems: list[str] = []
    found = read_questions(ctx.obj, problems)
    if as_json:
        click.echo(json.dumps([vars(q) for q in found], ensure_ascii=False, indent=1))
    width = max((len(q.name) for q in found), default=0)
    for q in () if as_json else found:
        click.echo(f"{q.name:<{width}}  {q.title}  [{', '.join(q.tags)}]")
    for problem in problems:
        click.echo(f"Not read: {problem}", err=True)
    if problems:
        ctx.exit(1)


@questions.command()
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["table", *FORMAT_NAMES]), default="table", show_default=True)
@click.option("--endpoint", help="Ask this SPARQL endpoint instead of the local graph.")
@click.pass_context
def run(ctx: click.Context, name: str, form: str, endpoint: str | None) -> None:
    """Answer the question NAME."""
    opened = _opening(ctx)

    from kg.commands.printing import print_answer
    from kg.publishing.questions import find_question

    question = find_question(name, ctx.obj)
    if form == "table":
        click.echo(f"{question.title}\n{question.description}\n")
    print_answer(question.query, form, endpoint, opened)
