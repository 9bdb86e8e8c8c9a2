"""Looking up things by name, and making new ones among the entities."""

import re
from typing import Final

from flask import Blueprint, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from kg.curation.passages import Passage
from kg.curation.writing import ThingsFile
from kg.language.messages import gettext_noop
from ontology import KelisimError
from ontology.namespaces import ID
from server.http.languages import language, translate
from server.workbench.bench import Bench
from server.workbench.fields import is_class, word
from server.workbench.forms import ClaimForm, Row, Thing, Value, from_request
from server.workbench.pages import back, passage_at
from server.workbench.recipes import LABEL
from server.workbench.statements import Mistake, statements
from server.workbench.views import Views

_OWN_NAME: Final = re.compile(r"id:[a-z0-9_-]+")
_NO_NAME: Final = gettext_noop(
    "%(name)s is no name: take small Latin letters, digits and hyphens, such as id:new-port."
)
_THERE: Final = gettext_noop("There is a thing %(name)s already. Take it, or name the new one otherwise.")
_MADE: Final = gettext_noop("%(name)s is among the entities; it is not saved yet.")


def blueprint(bench: Bench) -> Blueprint:
    """The search for things, and the page of a new one."""
    pages = Blueprint("things", __name__, url_prefix="/things")

    @pages.get("")
    def find() -> Response:
        """The things that a text may mean, as values of a property: name, label, class."""
        asked, named = request.args.get("q", "")[:200], request.args.get("property", "")
        found = bench.things.find(asked, language(), named)
        return jsonify([
            {"name": f.name, "label": f.label, "class": word(f.class_name).label(language()), "spelling": f.spelling}
            for f in found
        ])  # fmt: skip

    @pages.route("/new", methods=["GET", "POST"])
    def new() -> str | Response:
        form = from_request(request.form, bench.desk.article)
        thing = form.things[0] if form.things else Thing("", (_expected(bench),) if _expected(bench) else ())
        if request.method == "GET" and (text := request.args.get("text", "")[:200]):
            tongue = "en" if text.isascii() else "ru"
            thing = Thing("", thing.classes, (Row(LABEL, (Value(text, tongue),)),))
        problem = ""
        mistakes: list[Mistake] = []
        if request.method == "POST" and request.form.get("do") == "keep":
            try:
                name, mistakes = _made(bench, thing)
            except KelisimError as error:
                problem = str(error)
            else:
                if not mistakes:
                    _fill_in(bench, request.form.get("key", ""), request.form.get("field", ""), name)
                    bench.message = translate(_MADE) % {"name": name}
                    return redirect(back(), 303)
        views = Views(bench, language())
        key = request.values.get("key", "")
        selected = passage_at(bench, key.split(":")[1]) if key.startswith("new:") else None
        label = next((v.text for r in thing.rows if r.property == LABEL for v in r.values if v.language == "en"), "")
        return render_template(
            "thing.html",
            article=views.article(selected),
            selected=selected,
            thing=thing,
            class_name=thing.classes[0] if thing.classes else "",
            fields=views.new_thing(thing, []),
            classes=[(c, word(c).label(language())) for c in bench.entity_classes],
            proposed=thing.name or (bench.things.new_name(label) if label else ""),
            key=key,
            field=request.values.get("field", ""),
            back=request.values.get("back", "/"),
            problem=problem,
            mistakes=mistakes,
        )

    return pages


def _expected(bench: Bench) -> str:
    """The class that the values of the property asked for are mostly of."""
    given = request.values.get("class", "")
    if is_class(given):
        return given
    field = request.values.get("field", "")
    named = field.partition(":")[2].partition("@")[0]
    classes = bench.things.expected.get(named)
    known = [c for c, _ in classes.most_common() if c in bench.entity_classes] if classes else []
    begun = dict(bench.desk.begun.get(request.values.get("key", ""), []))
    return begun.get(f"{field}.class", "") or (known[0] if known else "")


def _made(bench: Bench, thing: Thing) -> tuple[str, list[Mistake]]:
    """Adds a thing to the entities: its name, and the mistakes for which it was not added. Raises KelisimError too."""
    label = next((v.text for r in thing.rows if r.property == LABEL for v in r.values if v.language == "en"), "")
    name = thing.name or bench.things.new_name(label)
    if not label or not thing.classes:
        raise KelisimError(translate("A new thing needs a class and an English label."))
    if ":" not in name:
        name = f"id:{name}"
    if not _OWN_NAME.fullmatch(name):
        raise KelisimError(translate(_NO_NAME) % {"name": name})
    if name in bench.things.classes:
        raise KelisimError(translate(_THERE) % {"name": name})
    whole = Thing(name, thing.classes, (*thing.rows, Row("dcterms:source", (Value(bench.source),))))
    form = ClaimForm(Passage(bench.desk.article, 1, 1, 1), (whole,), ())  # the record is left out below
    found = statements(bench.next_name(1), form, bench.vocabulary)
    if found.mistakes:
        return name, [*found.mistakes]
    triples = [t.triple for t in found.told if not t.of_record]
    path, texts = bench.entity_file(thing.classes[0]), bench.desk.texts
    file = ThingsFile.read(texts.get(path, "# Reference data.\n"), path)
    bench.desk.edit(name, {path: file.add(str(ID) + name.removeprefix("id:"), triples).text})
    return name, []


def _fill_in(bench: Bench, key: str, field: str, name: str) -> None:
    """Puts the name of a new thing into the field of the form for which it was made."""
    sent = bench.desk.begun.get(key)
    if not sent or not field:
        return
    places = [i for i, (k, v) in enumerate(sent) if k == field and not v.startswith("id:")]
    if not places and field.partition(":")[2] not in bench.recipes.several:
        places = [i for i, (k, _) in enumerate(sent) if k == field]
    if places:
        sent[places[0]] = (field, name)
    else:
        sent.append((field, name))
    bench.desk.begin(key, sent)
