"""The form of a claim, its source text, its live checks, and what takes it out again."""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from kg.checks.collection import CuratedClaim
from kg.curation.layout import render_claim
from kg.curation.passages import Passage
from kg.language.messages import gettext_noop
from ontology import KelisimError
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.workbench.bench import Bench
from server.workbench.examining import Told, examined
from server.workbench.fields import is_class, is_property
from server.workbench.forms import ClaimForm, Row, Thing, Value, from_claim, from_request
from server.workbench.guard import SECRET
from server.workbench.journal import Fields
from server.workbench.pages import at, passage_at
from server.workbench.proposals import above, judged, unmarked
from server.workbench.statements import Statements, statements
from server.workbench.views import Views

_OF_THE_PAGE: Final = frozenset({SECRET, "do", "thing-class", "order", "key"})
_LEFT_TO_THE_CURATOR: Final = frozenset({"rdfs:label", "kel:gloss", "kel:asWritten", "kel:value"})
"""What a claim that is taken as a model does not pass on."""

KEPT: Final = gettext_noop("Claim %(name)s stands in the file; it is not saved yet.")
"""What is told of a claim that was put into the file."""
_SAME: Final = gettext_noop("Claim %(name)s stands in the file as it did.")
_NOT_BY_FORM: Final = gettext_noop("The form cannot hold all that claim %(name)s tells: edit its text.")
_UNFINISHED: Final = gettext_noop("The claim was not kept: some fields cannot be written yet.")


def blueprint(bench: Bench) -> Blueprint:
    """The pages of one claim."""
    pages = Blueprint("claims", __name__)
    work = _Forms(bench)

    @pages.route("/claims/<name>", methods=["GET", "POST"])
    def claim(name: str) -> str | Response:
        found = existing(bench, name)
        key = f"claim:{name}"
        if request.method == "POST":
            return work.received(key, name)
        if not found.passage:  # which a form begins with
            return redirect(f"/claims/{name}/source", 303)
        return work.page(key, name, None)

    @pages.route("/new", methods=["GET", "POST"])
    def new() -> str | Response:
        if chosen := request.args.get("of", "").split():  # a class and a kind, from the list of kinds
            fields = {"at": request.args.get("at", ""), "recipe": chosen[0], "kind": chosen[-1]}
            return redirect(f"/new?{urlencode(fields)}", 303)
        passage, class_name = passage_at(bench, request.args.get("at", "")), request.args.get("recipe", "")
        if passage is None or not is_class(class_name):
            detail = gettext_noop("Choose a sentence of the article and a recipe.")
            raise ProblemError(404, gettext_noop("Not found"), detail)
        proposal = request.args.get("proposal", "")
        key = f"new:{at(passage)}:{class_name}" + (f":{proposal}" if proposal.isdecimal() else "")
        name = bench.next_name(passage.paragraph)
        if request.method == "POST":
            return work.received(key, name)
        first = work.suggested(passage, proposal) or work.first(
            passage, class_name, request.args.get("kind", ""), request.args.get("like", "")
        )
        return work.page(key, name, first)

    @pages.post("/check")
    def check() -> Response:
        """What checks tell of a form as it is, and the claim as it would be written; keeps the form."""
        key = request.form.get("key", "")
        sent = _sent()
        name, form = work.read(key, sent)
        bench.desk.begin(key, sent)
        found, told = work.examined(name, form)
        text = render_claim(found.claim(bench.desk.path)) if found.told else ""
        return jsonify(text=text, name=name, told=[vars(t) for t in told])

    return pages


class _Forms:
    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def read(self, key: str, sent: Fields) -> tuple[str, ClaimForm]:
        """The name of the claim and the form of a key; raises a 400 ProblemError if it is none."""
        form = from_request(MultiDict(sent), self._bench.desk.article)
        kind, _, rest = key.partition(":")
        if kind == "claim" and self._bench.desk.claim(rest):
            return rest, form
        passage = passage_at(self._bench, rest.partition(":")[0])
        if kind != "new" or passage is None:
            raise ProblemError(400, gettext_noop("Malformed request"), gettext_noop("There is no such form here."))
        return self._bench.next_name(passage.paragraph), form

    def examined(self, name: str, form: ClaimForm) -> tuple[Statements, list[Told]]:
        """The statements of a form, completed, and what checks tell of them."""
        bench = self._bench
        found = statements(name, bench.completed(form, name), bench.vocabulary)
        return found, examined(bench.desk.collection, bench.desk.path, found)

    def suggested(self, passage: Passage, number: str) -> ClaimForm | None:
        """The form of a claim that is proposed of a passage, by its number; None if there is none."""
        found = self._bench.suggestions.of(passage) if number.isdecimal() else []
        chosen = found[int(number)] if number.isdecimal() and int(number) < len(found) else None
        return replace(chosen.form, passage=passage, classes=()) if chosen else None

    def first(self, passage: Passage, class_name: str, kind: str, like: str) -> ClaimForm:
        """The form of a new claim: with the needed codes that nearly all such things have, or as a claim like it."""
        bench = self._bench
        recipe = bench.recipes.of(class_name)
        values = {p: bench.usual(class_name, p) for p in recipe.usual if p in recipe.required}
        if kind in bench.vocabulary.codes(class_name, "kel:kind"):
            values["kel:kind"] = kind
        rows = [Row(p, (Value(v),)) for p, v in values.items() if v]
        record = [Row("kel:speaker", (Value(bench.desk.publisher),)), Row("kel:modality", (Value("code:asserted"),))]
        if model := next((c for c in bench.desk.collection.claims if c.name == like), None):
            given = from_claim(model) if model.passage else None
            things = [t for t in given.things if class_name in t.classes] if given else []
            rows = [r for t in things[:1] for r in t.rows if r.property not in _LEFT_TO_THE_CURATOR] or rows
            record = [r for r in given.record if r.property in {"kel:speaker", "kel:modality"}] if given else record
        return ClaimForm(passage, (Thing("", (class_name,), tuple(rows)),), tuple(record))

    def page(self, key: str, name: str, first: ClaimForm | None) -> str:
        """The page of a form: as it was begun, else as the claim is, else a first one."""
        bench, views = self._bench, Views(self._bench, language())
        sent = bench.desk.begun.get(key, [])
        claim = bench.desk.claim(name)
        if sent:
            form = from_request(MultiDict(sent), bench.desk.article)
        elif claim and first is None:
            form = unmarked(from_claim(claim), name)
        else:
            assert first
            form = first
        found, told = self.examined(name, form) if sent or first is None else (None, [])
        things, (record, more) = views.things(form, sent, told), views.record(form, told)
        shown = {t.name for t in things} | {f.name for t in things for f in t.fields}
        shown |= {f.name for f in (*record, *more)} | {f"{t.name}.class" for t in things}
        return render_template(
            "claim.html",
            article=views.article(form.passage),
            selected=form.passage,
            at=at(form.passage),
            key=key,
            name=name,
            is_new=first is not None,
            remarks=above(bench.desk.file, name) if first is None else [],
            begun=bool(sent),
            things=things,
            record=record,
            more=more,
            told=[t for t in told if t.field.partition("@")[0] not in shown],
            all_told=told,
            text=render_claim(found.claim(bench.desk.path)) if found and found.told else "",
            recipes=views.recipes(),
            like=self._like(things[0].class_name) if first and things else [],
            in_order=first is not None and self._later(form.passage),
        )

    def _like(self, class_name: str) -> list[str]:
        """The claims that may be taken as a model for one that introduces a thing of a class."""
        known = {c.name for c in self._bench.desk.collection.claims}
        return [name for name in self._bench.recipes.of(class_name).like if name in known]

    def _later(self, passage: Passage) -> bool:
        """Whether claims of later sentences of the paragraph are there, so that a new one might be put before them."""
        others = [c.passage for c in self._bench.desk.claims if c.passage and c.passage.paragraph == passage.paragraph]
        return any(other > passage for other in others)

    def received(self, key: str, name: str) -> Response:
        """Does what the button of the form says."""
        bench, sent, do = self._bench, _sent(), request.form.get("do", "check")
        here = request.full_path.rstrip("?")
        what, _, which = do.partition(":")
        if what == "discard":
            bench.desk.begin(key, [])
            _, form = self.read(key, sent)
            return redirect(f"/?at={at(form.passage)}", 303)
        if what == "keep":
            return self._keep(key, name, sent, here)
        if what == "add" and is_property(added := request.form.get(f"{which}.add", "")):
            sent.append((f"{which}:{added}", ""))
            here += f"#{which}:{added}"
        elif what == "thing":
            number = 1 + max((int(k[6:]) for k, _ in sent if k[6:].isdecimal() and k.startswith("thing-")), default=-1)
            class_name = request.form.get("thing-class", "")
            sent += [(f"thing-{number}", ""), (f"thing-{number}.class", class_name if is_class(class_name) else "")]
            here += f"#thing-{number}"
        elif what == "drop":
            sent = _without_thing(sent, which)
        from_request(MultiDict(sent), bench.desk.article)  # a form that cannot be shown is not kept
        bench.desk.begin(key, sent)
        if what == "new":
            text = next((v for k, v in sent if k == which and v and not v.startswith("id:")), "")
            return redirect("/things/new?" + urlencode({"key": key, "field": which, "text": text, "back": here}), 303)
        return redirect(here, 303)

    def _held(self, name: str) -> bool:
        """Whether the form of a claim that stands in the file, sent as it is, gives back all that the claim tells."""
        bench, claim = self._bench, self._bench.desk.claim(name)
        if claim is None:
            return True
        if not claim.passage:
            return False
        sent = Views(bench, language()).sent(from_claim(claim))
        form = from_request(MultiDict(sent), bench.desk.article)
        found = statements(name, bench.completed(form, name), bench.vocabulary)
        told = {(t.triple.subject.value, t.triple.predicate.value, t.triple.object) for t in found.told}  # type: ignore[union-attr]
        return told >= {(s.subject, s.predicate, s.object) for s in (*claim.facts, *claim.record)}

    def _keep(self, key: str, name: str, sent: Fields, here: str) -> Response:
        bench, desk = self._bench, self._bench.desk
        _, form = self.read(key, sent)
        found = statements(name, bench.completed(form, name), bench.vocabulary)
        claim = found.claim(desk.path)
        if not self._held(name):
            desk.begin(key, sent)
            bench.message = translate(_NOT_BY_FORM) % {"name": name}
            return redirect(here, 303)
        if found.mistakes or not claim.facts:
            desk.begin(key, sent)
            bench.message = translate(_UNFINISHED)
            return redirect(here, 303)
        renamed: dict[str, str] = {}
        try:
            if desk.claim(name):
                file = judged(desk.file, above(desk.file, name)).replace(claim)
            elif request.form.get("order"):
                name = str(desk.file.number(form.passage))
                claim = statements(name, bench.completed(form, name), bench.vocabulary).claim(desk.path)
                renamed, file = desk.file.raised(name), desk.file.insert(claim)
            else:
                file = desk.file.add(claim)
            changed = desk.edit(name, {desk.path: file.text}, renamed)
        except KelisimError as error:
            desk.begin(key, sent)
            bench.message = str(error)
            return redirect(here, 303)
        bench.message = translate(KEPT if changed else _SAME) % {"name": name}
        desk.begin(key, [])
        return redirect(f"/?at={at(form.passage)}#{name}", 303)


def _sent() -> Fields:
    """The fields of the form that was sent, without those of the page."""
    return [(k, v) for k, v in request.form.items(multi=True) if k not in _OF_THE_PAGE and not k.endswith(".add")]


def _without_thing(sent: Fields, which: str) -> Fields:
    """The fields without those of a thing, and the things after it counted anew."""
    gone = int(which.removeprefix("thing-")) if re.fullmatch(r"thing-\d{1,3}", which) else -1

    def counted(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"thing-{number - (number > gone)}"

    kept = [(k, v) for k, v in sent if gone < 0 or not re.match(rf"thing-{gone}(?!\d)", k)]
    return kept if gone < 0 else [(re.sub(r"^thing-(\d{1,3})", counted, k), v) for k, v in kept]


def existing(bench: Bench, name: str) -> CuratedClaim:
    """The claim of that name; raises a 404 ProblemError if there is none."""
    if not (claim := bench.desk.claim(name)):
        raise ProblemError(404, gettext_noop("Not found"), gettext_noop("There is no claim of that name in the file."))
    return claim
