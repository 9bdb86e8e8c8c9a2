"""The command line over the library: it parses, calls and prints."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from kg.curation import Curation, packaged_data, read_curation
from kg.dataset import Dataset, build
from kg.formats import GRAPH_FORMATS, RESULT_FORMATS
from ontology import KelisimError

if TYPE_CHECKING:
    from kg.sources import ArticleText

FORMAT_NAMES = [f.name for f in (*RESULT_FORMATS, *GRAPH_FORMATS)]


class Group(click.Group):
    """A group of commands that ends with status 1 and a plain message where the user can mend something."""

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


def _curation(ctx: click.Context) -> Curation:
    return read_curation(ctx.obj)


def loaded(ctx: click.Context) -> Dataset:
    """The dataset that the command works on."""
    return build(_curation(ctx))


def _articles_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--articles",
        "folder",
        required=True,
        type=click.Path(path_type=Path),
        help="Folder with the articles' texts (.txt, UTF-8).",
    )(command)


@cli.command()
@click.argument("article")
@_articles_option
@click.option("--paragraph", type=int, help="Only this paragraph.")
@click.pass_context
def read(ctx: click.Context, article: str, folder: Path, paragraph: int | None) -> None:
    """Print an article's sentences with their numbers, for curating."""
    text = _article(_curation(ctx), folder, article)
    for part in text.paragraphs if paragraph is None else [text.paragraph(paragraph)]:
        for s in text.sentences(part):
            click.echo(f"p{part.number}-s{s.number}\t{text.text[s.start : s.end]}")


def _article(curation: Curation, folder: Path, name: str) -> "ArticleText":
    from kg.verification import article_texts

    texts = article_texts(curation, folder)
    if name not in texts:
        raise KelisimError(f"There is no article {name!r} in kg/data/sources.ttl; there are: {', '.join(texts)}.")
    return texts[name]


@cli.command()
@click.argument("article")
@_articles_option
@click.pass_context
def passages(ctx: click.Context, article: str, folder: Path) -> None:
    """Write the records of the passages that an article's claims refer to."""
    from kg.export import make_folder, write
    from kg.passages import Passage, render

    curation = _curation(ctx)
    text = _article(curation, folder, article)
    found = [Passage.parse(c.value("passage")) for c in curation.claims]
    path = (ctx.obj or Path(str(packaged_data()))) / "passages" / f"{article}.ttl"
    make_folder(path.parent)
    write(render((p for p in found if p.article == article), text).encode(), path)
    click.echo(f"Wrote {path}.")


@cli.command()
@_articles_option
@click.pass_context
def verify(ctx: click.Context, folder: Path) -> None:
    """Check every claim against the articles: hashes, passages, printed figures, own words."""
    from kg.verification import verify as check

    curation = _curation(ctx)
    problems = check(curation, folder)
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        raise click.ClickException(f"{len(problems)} problems in {len(curation.claims)} claims.")
    click.echo(f"{len(curation.claims)} claims hold against the articles.")


@cli.command()
@_articles_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def coverage(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Show, paragraph by paragraph, how many claims stand on it."""
    from kg.coverage import coverage as measure
    from kg.printing import print_coverage

    rows = measure(_curation(ctx), folder)
    if as_json:
        click.echo(json.dumps([vars(r) for r in rows], ensure_ascii=False, indent=1))
    else:
        print_coverage(rows)
    bad = [f"{r.article} paragraph {r.paragraph}" for r in rows if not r.sound]
    if bad:
        raise click.ClickException(
            f"{', '.join(bad)}: curate a claim or give the reason in kg/data/omissions.ttl, and not both."
        )


@cli.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "turtle"]), default="table", show_default=True)
@click.pass_context
def validate(ctx: click.Context, files: tuple[Path, ...], form: str) -> None:
    """Check the graph, or claims in FILES together with it, against the SHACL shapes."""
    from kg.validation import validate_curation
    from shapes.report import render

    report = validate_curation(_curation(ctx), files)
    if form == "turtle":
        click.echo(report.to_turtle(), nl=False)
    else:
        Console().print(render(report))
    if not report.conforms:
        ctx.exit(1)


@cli.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here what the OWL 2 RL rules infer (N-Triples), if all is consistent.",
)
@click.option(
    "--with",
    "extra",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take this Turtle file in too.",
)
@click.pass_context
def reason(ctx: click.Context, output: Path | None, extra: Path | None) -> None:
    """Check ontology and facts for consistency with HermiT, and write what follows from them by the OWL 2 RL rules."""
    from kg.consistency import check

    result = check(_curation(ctx), extra)
    click.echo(result.in_words())
    if output and result.verdict.consistent:
        from kg.export import write

        write(result.inferred, output)
        click.echo(f"Wrote {output}.")
    if not result.sound:
        ctx.exit(1)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def stats(ctx: click.Context, as_json: bool) -> None:
    """Print counts, digest and version of the dataset."""
    statistics = loaded(ctx).statistics()
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


@cli.command()
@click.option("--format", "form", type=click.Choice([*(f.name for f in GRAPH_FORMATS), "csv"]), required=True)
@click.option(
    "--output", type=click.Path(path_type=Path), help="File, or for csv the folder. Standard output by default."
)
@click.option("--reified", is_flag=True, help="Turtle, N-Triples, RDF/XML: add the claim of each statement.")
@click.option("--gzip", "compress", is_flag=True, help="Compress with gzip.")
@click.pass_context
def export(ctx: click.Context, form: str, output: Path | None, reified: bool, compress: bool) -> None:
    """Write the dataset as a file, or as a folder of CSV tables."""
    import gzip

    from kg.export import export as write_out
    from kg.export import graph_format, write

    dataset = loaded(ctx)
    if form == "csv":
        from kg.tables import export_tables

        if output is None or reified:
            raise click.UsageError("csv makes a folder of tables: give it with --output, without --reified.")
        for path in export_tables(dataset, output, compress=compress):
            click.echo(f"Wrote {path}.")
        return
    body = write_out(dataset, graph_format(form), reified=reified)
    if output:
        write(body, output, compress=compress)
    else:
        sys.stdout.buffer.write(gzip.compress(body, mtime=0) if compress else body)


@cli.command()
@click.argument("query", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="Read the query from a file (- for standard input).",
)
@click.option("--endpoint", help="Ask this SPARQL endpoint instead of the local graph.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *FORMAT_NAMES]),
    default="table",
    show_default=True,
    help="A table on the terminal, or the format of the answer.",
)
@click.pass_context
def query(ctx: click.Context, query: str | None, file: Path | None, endpoint: str | None, form: str) -> None:
    """Ask a SPARQL query. Our prefixes need not be declared."""
    from kg.files import read_given
    from kg.printing import print_answer

    if (query is None) == (file is None):
        raise click.UsageError("Give a query, or a file with --file, and not both.")
    print_answer(read_given(file) if file else query or "", form, endpoint, lambda: loaded(ctx))


@cli.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def questions(ctx: click.Context, as_json: bool) -> None:
    """List the questions that the graph answers, one a line."""
    from kg.questions import read_questions

    if ctx.invoked_subcommand:
        return
    found = read_questions(ctx.obj)
    if as_json:
        click.echo(json.dumps([vars(q) for q in found], ensure_ascii=False, indent=1))
        return
    width = max(len(q.name) for q in found)
    for q in found:
        click.echo(f"{q.name:<{width}}  {q.title}  [{', '.join(q.tags)}]")


@questions.command()
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["table", *FORMAT_NAMES]), default="table", show_default=True)
@click.option("--endpoint", help="Ask this SPARQL endpoint instead of the local graph.")
@click.pass_context
def run(ctx: click.Context, name: str, form: str, endpoint: str | None) -> None:
    """Answer the question NAME."""
    from kg.printing import print_answer
    from kg.questions import find_question

    question = find_question(name, ctx.obj)
    if form == "table":
        click.echo(f"{question.title}\n{question.description}\n")
    print_answer(question.query, form, endpoint, lambda: loaded(ctx))
