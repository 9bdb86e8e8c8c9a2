"""The source text of a claim, and what takes a claim out again."""

from typing import Final

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from kg.curation.marks import MARK
from kg.curation.passages import Passage
from kg.curation.writing import ClaimName
from kg.language.messages import gettext_noop
from ontology import KelisimError
from server.http.languages import language, translate
from server.workbench.bench import Bench
from server.workbench.claim_pages import KEPT, existing
from server.workbench.pages import at
from server.workbench.proposals import above, judged
from server.workbench.sources import source_of, with_source
from server.workbench.views import Views

_REMOVED: Final = gettext_noop("Claim %(name)s was taken out; undo brings it back.")


def blueprint(bench: Bench) -> Blueprint:
    """The pages of the text of a claim."""
    pages = Blueprint("sources", __name__)

    @pages.route("/claims/<name>/source", methods=["GET", "POST"])
    def source(name: str) -> str | Response:
        existing(bench, name)
        text, problem = source_of(bench.desk.file, name), ""
        if request.method == "POST":
            text = request.form.get("source", "").replace("\r\n", "\n")
            try:
                file = bench.desk.file
                file = file if MARK in text else judged(file, above(file, name))
                edited = with_source(file, name, text)
                bench.desk.edit(name, {bench.desk.path: edited.text})
            except KelisimError as error:
                problem = str(error)
            else:
                bench.desk.begin(f"claim:{name}", [])
                bench.message = translate(KEPT) % {"name": name}
                return redirect(f"/claims/{name}", 303)
        passage = _passage(bench, name)
        return render_template(
            "source.html",
            article=Views(bench, language()).article(passage),
            selected=passage,
            at=at(passage) if passage else "",
            name=name,
            source=text,
            problem=problem,
        )

    @pages.post("/claims/<name>/remove")
    def remove(name: str) -> Response:
        existing(bench, name)
        passage, desk = _passage(bench, name), bench.desk
        file = judged(desk.file, above(desk.file, name))
        file = file.remove(name, withdrawn=request.form.get("how") == "withdrawn")
        renamed: dict[str, str] = {}
        if request.form.get("how") == "renumber":
            gone = ClaimName.parse(name)
            later = sorted(ClaimName.parse(n) for n in file.claims)
            later = [n for n in later if n[:2] == gone[:2] and n.number > gone.number]
            renamed = {str(n): str(n._replace(number=n.number - 1)) for n in later}
            file = file.rename(renamed)
        desk.begin(f"claim:{name}", [])
        desk.edit(name, {desk.path: file.text}, renamed)
        bench.message = translate(_REMOVED) % {"name": name}
        return redirect(f"/?at={at(passage)}" if passage else "/", 303)

    return pages


def _passage(bench: Bench, name: str) -> Passage | None:
    claim = bench.desk.claim(name)
    return claim.passage if claim else None
