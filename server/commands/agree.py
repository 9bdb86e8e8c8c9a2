"""``kelisim agree``: how well two curations of a text agree, where they differ, and what is accepted of them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.commands.cli import articles_of, cli
from kg.commands.progress import progress

if TYPE_CHECKING:
    from kg.agreement.comparison import Comparison

__all__ = ["agree"]

_SIDE = click.Path(exists=True, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@cli.command()
@click.argument("a", type=_SIDE)
@click.argument("b", type=_SIDE)
@click.option("--article", default="", help="Compare only the claims of this article.")
@click.option(
    "--articles",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder with the articles' texts (.txt, UTF-8): all their sentences count, and the page shows them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", "page", type=_FILE, help="Write a page with both side by side.")
@click.option(
    "--language", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help="Of page and labels."
)
@click.option("--differences", "todo", type=_FILE, help="Write the differences here, to be decided.")
@click.option("--decide", "decided", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Decisions.")
@click.option("--accept", "out", type=_FILE, help="Write the claims here that were decided on.")
@click.pass_context
def agree(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    a: Path,
    b: Path,
    article: str,
    folder: Path | None,
    as_json: bool,
    page: Path | None,
    language: str,
    todo: Path | None,
    decided: Path | None,
    out: Path | None,
) -> None:
    """Tell how well two curations of a text agree, and where they differ.

    A and B are folders of curated files, or files of claims over one folder: that in which they lie, --data, or that in
    the package. Claims are aligned passage by passage; then come F1, Krippendorff's alpha, and every difference with
    file and line:

    kelisim agree mine/claims/mp23.trig hers/claims/mp23.trig --articles ../articles --html both.html

    To settle them, write the differences, say of each in an editor whether A, B, both or neither is taken, and write
    the accepted file:

    kelisim agree mine hers --article mp23 --differences differences.toml

    kelisim agree mine hers --article mp23 --decide differences.toml --accept mp23.trig
    """
    from kg.agreement.comparison import compare
    from kg.agreement.description import describe
    from kg.commands.agree import render
    from kg.curation.export import write

    if decided and not out:
        raise click.UsageError("--decide wants --accept FILE too, where the accepted claims are written.")
    with progress("Comparing the two curations"):
        texts = folder or (articles_of(a) if a.is_dir() else None)
        comparison = compare(a, b, shared=ctx.obj, articles=texts, article=article)
    found = describe(comparison, language)
    notices = []
    if page:
        from server.pages.agreement import agreement_page

        write(agreement_page(comparison, language).encode(), page)
        notices.append(f"Wrote {page}.")
    if todo:
        notices.append(_write_differences(comparison, found, todo))
    if out:
        notices += _accept(comparison, decided, out)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    elif not notices:
        click.echo("\n".join(render(found)))
    for notice in notices:
        click.echo(notice, err=as_json)


def _write_differences(comparison: "Comparison", found: dict[str, Any], path: Path) -> str:
    """Writes the file to decide in, with what was decided there before; says what is left to decide."""
    from kg.agreement.decisions import key_of, read_decisions, render_decisions
    from kg.commands.agree import SORTS, aspects
    from kg.curation.export import write
    from kg.rdf.files import read_text

    before = read_decisions(read_text(path), str(path)) if path.exists() else None
    notes = {}
    for d in found["differences"]:
        glosses = [f"{side.upper()}: {claim['gloss']}" for side in ("a", "b") for claim in d[side]]
        notes[d["number"]] = [f"{d['number']}. {SORTS[d['sort']]}", *(line.strip() for line in aspects(d)), *glosses]
    write(render_decisions(comparison, notes, before).encode(), path)
    known = before.differences if before else {}
    undecided = sum(key not in known or not known[key].take for key in map(key_of, comparison.differences))
    return f"Wrote {path}: {len(comparison.differences)} differences, {undecided} to decide."


def _accept(comparison: "Comparison", decided: Path | None, out: Path) -> list[str]:
    """Writes the accepted claims, and beside them what B tells of things that A does not declare; says so."""
    from kg.agreement.accepting import accept
    from kg.agreement.decisions import Decisions, read_decisions
    from kg.curation.export import write
    from kg.rdf.files import read_text

    if not decided and comparison.differences:
        raise click.UsageError(
            "--accept wants --decide FILE too, since there are differences: --differences FILE writes it."
        )
    decisions = read_decisions(read_text(decided), str(decided)) if decided else Decisions()
    accepted = accept(comparison, decisions)
    write(accepted.claims.encode(), out)
    told = [f"Wrote {out}: {accepted.kept} claims of A, {accepted.taken} of B."]
    if accepted.renumbered:
        told.append(f"{len(accepted.renumbered)} claims of A have another number now.")
    if accepted.things:
        things = out.with_name(f"{out.stem}-things.ttl")
        write(accepted.things.encode(), things)
        told.append(f"Wrote {things}: things that A does not declare; move them into its files of entities.")
    return told
