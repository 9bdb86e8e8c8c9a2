"""The addresses of the workbench beside the forms: the article, what checks find, undoing and saving."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from kg.checks.examination import quick_findings
from kg.curation.passages import Passage
from kg.language.messages import gettext_noop
from ontology import KelisimError
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.workbench.bench import Bench
from server.workbench.desk import ChangedOnDiskError
from server.workbench.fields import word
from server.workbench.proposals import Remark, alone, is_open, judged
from server.workbench.suggestions import Suggestion
from server.workbench.views import Views

MOST_FINDINGS: Final = 500
_UNDONE: Final = gettext_noop("Undone: %(what)s")
_REDONE: Final = gettext_noop("Done again: %(what)s")
_SAVED: Final = gettext_noop("Saved: %(files)s.")
_NOTHING: Final = gettext_noop("There was nothing to save.")
_CHANGED: Final = gettext_noop("Nothing was saved: another has changed %(files)s since it was read.")
_JUDGED: Final = gettext_noop("what was recognised in a sentence")
_RELOADED: Final = gettext_noop("The files were read again; your edits are on top of them.")


def passage_at(bench: Bench, text: str) -> Passage | None:
    """The passage of an address, such as 32-3 or 32-3-4 (paragraph, first and last sentence); None if there is none."""
    parts = text.split("-")
    if not all(p.isdecimal() and len(p) < 6 for p in parts) or len(parts) not in {2, 3}:
        return None
    paragraph, first, *last = map(int, parts)
    passage = Passage(bench.desk.article, paragraph, first, last[0] if last else first)
    try:
        bench.desk.text.passage(paragraph, passage.first, passage.last)
    except KelisimError:
        return None
    return passage


def at(passage: Passage) -> str:
    """A passage as addresses name it."""
    return f"{passage.paragraph}-{passage.first}" + (f"-{passage.last}" if passage.last > passage.first else "")


def blueprint(bench: Bench) -> Blueprint:
    """The home page, what checks find, and the address that acts on the files."""
    pages = Blueprint("workbench", __name__)

    @pages.before_app_request
    def offer() -> str | None:
        """What an earlier session left is to be taken up or discarded first; what another has changed is told."""
        if bench.desk.found and request.endpoint not in {"static", "workbench.act"}:
            return render_template("found.html", found=bench.desk.found)
        if request.method == "GET" and request.endpoint not in {"static", "things.find"}:
            bench.conflict = bench.desk.changed_on_disk()
        return None

    @pages.get("/")
    def home() -> str:
        views = Views(bench, language())
        selected = passage_at(bench, request.args.get("at", ""))
        names = bench.claims_on(selected) if selected else []
        return render_template(
            "passage.html" if selected else "home.html",
            article=views.article(selected),
            selected=selected,
            at=at(selected) if selected else "",
            claims=[*views.claims(names)],
            proposed={n for n in names if is_open(bench.desk.file, n)},
            remarks=_remarks(bench, selected) if selected else [],
            suggestions=_suggested(bench, selected) if selected and request.args.get("propose") else None,
            recipes=views.recipes(),
            kinds=views.kinds(),
            modalities=views.modalities(),
        )

    @pages.post("/judged")
    def judge() -> Response:
        """Takes away the remarks of a draft on the sentences of a passage for which no claim is proposed."""
        selected = passage_at(bench, request.form.get("at", ""))
        if selected:
            file = judged(bench.desk.file, _remarks(bench, selected))
            bench.desk.edit(translate(_JUDGED), {bench.desk.path: file.text})
        return redirect(back(), 303)

    @pages.get("/findings")
    def findings() -> str:
        desk, views = bench.desk, Views(bench, language())
        found = sorted(quick_findings(desk.collection, desk.claims)) if desk.claims else []
        names = {c.name for c in desk.claims}
        return render_template(
            "findings.html",
            article=views.article(None),
            selected=None,
            findings=found[:MOST_FINDINGS],
            count=len(found),
            names=names,
        )

    @pages.post("/do")
    def act() -> Response:
        """Undoes, redoes, saves, reads again, takes up or discards what an earlier session left."""
        action = _ACTIONS.get(request.form.get("do", ""))
        if action is None:
            raise ProblemError(400, gettext_noop("Malformed request"), gettext_noop("There is no such action here."))
        bench.message = action(bench)
        return redirect(back(), 303)

    return pages


def _suggested(bench: Bench, passage: Passage) -> list[tuple[str, Suggestion]]:
    """What is proposed of a passage, with the names of its classes."""
    return [(word(s.class_name).label(language()), s) for s in bench.suggestions.of(passage)]


def _remarks(bench: Bench, passage: Passage) -> list[Remark]:
    """The remarks of a draft on the sentences of a passage for which no claim is proposed."""
    found = alone(bench.desk.file)
    return [r for n in range(passage.first, passage.last + 1) for r in found.get((passage.paragraph, n), ())]


def back() -> str:
    """The address here that a form names to go back to."""
    given = request.form.get("back", "/")
    return given if given.startswith("/") and not given.startswith(("//", "/\\")) else "/"


def _undo(bench: Bench) -> str:
    what = bench.desk.undo()
    return translate(_UNDONE) % {"what": what} if what else ""


def _redo(bench: Bench) -> str:
    what = bench.desk.redo()
    return translate(_REDONE) % {"what": what} if what else ""


def _save(bench: Bench) -> str:
    try:
        files = bench.desk.save()
    except ChangedOnDiskError as error:
        bench.conflict = error.paths
        return translate(_CHANGED) % {"files": ", ".join(error.paths)}
    bench.conflict = []
    return translate(_SAVED) % {"files": ", ".join(files)} if files else translate(_NOTHING)


def _reload(bench: Bench) -> str:
    bench.desk.reload()
    bench.conflict = []
    return translate(_RELOADED)


def _take_up(bench: Bench) -> str:
    bench.desk.take_up()
    return ""


def _discard(bench: Bench) -> str:
    bench.desk.discard()
    return ""


def _forget(bench: Bench) -> str:
    bench.desk.left.clear()
    return ""


def _drop_forms(bench: Bench) -> str:
    for key in [*bench.desk.begun]:
        bench.desk.begin(key, [])
    return ""


_ACTIONS: Final[dict[str, Callable[[Bench], str]]] = {
    "undo": _undo,
    "redo": _redo,
    "save": _save,
    "reload": _reload,
    "take-up": _take_up,
    "discard": _discard,
    "forget": _forget,
    "drop-forms": _drop_forms,
}
