"""``/page/…``: the pages of things, codes, articles, passages and claims."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

from flask import Blueprint, render_template, request

from kg.charts.maps import place_map
from kg.claims.citing import Source, cite_claim
from kg.claims.citing import sources as sources_of
from kg.claims.content import contents
from kg.language.amounts import amount
from kg.language.classes import most_specific_class
from kg.language.labels import Label
from kg.language.messages import gettext_noop
from kg.language.vocabulary_labels import NAMES
from kg.publishing.citing import cite
from kg.store.reader import Reader, node
from kg.views.briefs import Brief, brief
from kg.views.claims import ClaimView, read_claim
from kg.views.entries import SectionTable
from kg.views.facts import WINDOW, expect_facts
from kg.views.finding import Search, find_ahead
from kg.views.notes import Notes
from kg.views.passage_names import passage_names
from kg.views.sections import SECTIONS
from kg.views.surroundings import surroundings
from kg.views.things import Thing, classes_in, read_thing
from ontology.namespaces import CLAIM, CODE, KEL, PREFIXES, RDF_TYPE, SRC
from server.data.linked_data import check, unknown
from server.http.errors import ProblemError
from server.http.languages import language, translate
from server.http.links import iri_at, outside
from server.http.moments import when
from server.http.site import Site
from server.pages import documents, leaders, organisations, sources, states
from server.pages.briefs import crumbs, crumbs_of_claim, sentence
from server.pages.claims import claims_of
from server.pages.conflicts import conflicts_of

_MEMBER_OF: Final = PREFIXES["org"] + "memberOf"


@dataclass(frozen=True)
class Special:
    """The special part of the pages of one class, above the facts that every thing's page has.

    template: extends ``thing.html`` and fills its block ``special``. context: a function of site, IRI and language that
    returns the additional template variables; if these have ``page``, a `server.pages.notes.Notes`, its footnotes come
    first on the page. covers: names of sections that the special part shows already, which the page then omits.
    searches: what it looks for, so that all of it is read at once. told: those of them of whose finds the page tells
    nothing further. omits: properties of which it tells elsewhere than among the facts.
    To add a special page, write both and list them in `SPECIALS`.
    """

    class_iri: str
    template: str
    context: Callable[[Site, str, str], dict[str, Any]]
    covers: frozenset[str] = frozenset()
    searches: Callable[[str], Sequence[Search]] = lambda _: ()
    told: Callable[[str], Sequence[Search]] = lambda _: ()
    omits: frozenset[str] = frozenset()


SPECIALS: Final[tuple[Special, ...]] = (
    Special(str(KEL.Article), "pages/article.html", sources.context),
    Special(
        str(KEL.State),
        "pages/state.html",
        states.context,
        frozenset({"offices", "documents", "figures", "statements"}),
        states.searches,
        states.told,
        frozenset({_MEMBER_OF, RDF_TYPE}),
    ),
    Special(
        PREFIXES["foaf"] + "Person",
        "pages/leader.html",
        leaders.context,
        frozenset({"offices", "statements"}),
        leaders.searches,
        leaders.told,
    ),
    *(
        Special(
            PREFIXES["org"] + name,
            "pages/organisation.html",
            organisations.context,
            covers=frozenset({"offices"}),
            searches=organisations.searches,
        )
        for name in ("Organization", "FormalOrganization")
    ),
    Special(str(KEL.Instrument), "pages/instrument.html", documents.context, frozenset({"stages"})),
    Special(str(KEL.DocumentPackage), "pages/instrument.html", documents.context, frozenset({"stages"})),
)
"""The special pages in order of precedence; a thing gets the first of a class that it has."""

PARTS: Final = frozenset({"timeline", "said", *(section.name for section in SECTIONS)})
"""The values of ``?part=``, which shows one section in full."""

_MAPPED: Final = frozenset(str(KEL[name]) for name in ("Place", "Route", "Facility", "Project", "Event", "Visit"))
_WIKIDATA: Final = PREFIXES["wd"]
_FURTHEST: Final = 10_000_000

_SAID_TITLES: Final = {
    str(KEL.Passage): gettext_noop("Claims drawn from this passage"),
    PREFIXES["skos"] + "Concept": gettext_noop("Claims in this modality"),
}
_SAID: Final = gettext_noop("Claims by this speaker")


class _Named(Protocol):
    def name(self, iri: str) -> Label: ...


def blueprint(site: Site) -> Blueprint:
    """The pages of all IRIs below `BASE`."""
    routes = Blueprint("things", __name__)
    for filter_ in (elsewhere, in_words, measured, when):
        routes.add_app_template_filter(filter_)

    @routes.record_once
    def _names(state: Any) -> None:
        state.app.jinja_env.globals.update(KEL=str(KEL), CODE=str(CODE))

    @routes.get("/page/<path:path>")
    def page(path: str) -> str:
        """The page of one thing."""
        iri = iri_at(path)
        check(site.reader, iri)
        return _claim(site, iri) if iri.startswith(CLAIM) else _thing(site, iri)

    return routes


def in_words(iri: str, named: _Named) -> Label:
    """The label of an IRI: from the graph by `named`, or from `NAMES` for terms of other vocabularies."""
    if iri.startswith(_WIKIDATA):
        return Label("Wikidata " + iri.removeprefix(_WIKIDATA))
    return Label(translate(NAMES[iri]), language()) if iri in NAMES else named.name(iri)


def elsewhere(iri: str) -> str:
    """The address of a thing outside the project, for a link beside its name; empty for terms of vocabularies."""
    return "" if iri in NAMES else outside(iri)


def measured(value: str, unit: str, out_of: str = "") -> str:
    """A value with its unit (an IRI), abbreviated in the page's language, such as 28.4 billion; ``2 of 3``."""
    try:
        whole = Decimal(out_of) if out_of else None
        return amount(Decimal(value), unit, language(), translate, out_of=whole)
    except InvalidOperation:
        return value


def _thing(site: Site, iri: str) -> str:
    part = request.args.get("part", "")
    if part and part not in PARTS:
        raise ProblemError(404, "Not found", f"A page has no part {part!r}; there are: {', '.join(sorted(PARTS))}.")
    after = _after()
    reader = site.reader
    special = None if part else _special(reader, iri, after)
    # An IRI that is used only as a class or a property has no description of its own.
    told = frozenset(find_ahead(reader, special.told(iri))) if special else frozenset()
    thing = read_thing(reader, iri, language(), part, after, told=told) or Thing(iri=iri, after=after)
    more = special.context(site, iri, language()) if special else {}
    thing = thing.with_names(reader, language())
    passages = passage_names(reader, thing.names, language(), translate)
    if passages:
        thing = replace(thing, names={**thing.names, **passages})
    if isinstance(own := more.get("page"), Notes):
        every = {**own.footnotes, **thing.footnotes}
        thing = replace(thing, footnotes=every, names={**own.names, **thing.names})
    sort = most_specific_class(thing.classes)
    template = special.template if special else "pages/code.html" if iri.startswith(CODE) else "pages/thing.html"
    return render_template(
        template,
        thing=thing,
        part=part,
        sort=sort,
        said_title=translate(_SAID_TITLES.get(sort, _SAID)),
        window=WINDOW,
        map=_map(site, thing) if not part else None,
        citation=cite(str(thing.label), iri, site.version, about=site.about),
        query=_QUERY.format(thing=node(iri)),
        covered=special.covers if special else (),
        omitted=special.omits if special else (),
        note_of=_note_of,
        brief=(short := _brief(thing, more) if not part else None),
        sentence=sentence(short, str(in_words(sort, thing)) if sort else "") if short else "",
        crumbs=crumbs(thing),
        conflicts=conflicts_of(site, iri),
        claims=[] if part else claims_of(reader, iri),
        **more,
    )


def _note_of(table: SectionTable) -> str:
    """How complete a section is: of members it is said that there may be others."""
    if any(_MEMBER_OF in entry.roles for entry in table.entries):
        return translate("Members told of in these sources; there may be others.")
    return translate("As far as these sources tell.")


def _brief(thing: Thing, more: Mapping[str, Any]) -> Brief | None:
    """The brief of a thing that the sources tell of; none for what describes the data themselves."""
    if thing.iri.startswith((CODE, str(SRC))) or not thing.classes:
        return None
    return brief(thing, more.get("leaders", ()), more.get("offices_held", ()))


def _special(reader: Reader, iri: str, after: int) -> Special | None:
    """The special part of the thing's page, if it has one; what both look for is read together."""
    around = surroundings(reader, iri, after)
    classes = classes_in(around)
    special = next((s for s in SPECIALS if s.class_iri in classes), None)
    if special:
        expect_facts(reader, find_ahead(reader, special.searches(iri)))
    return special


def _claim(site: Site, iri: str) -> str:
    claim = read_claim(site.reader, iri, language())
    if claim is None:
        raise unknown(iri)
    note = claim.record
    source = sources_of(site.reader, [note.article], language()).get(note.article, Source(note.article))
    return render_template(
        "pages/claim.html",
        claim=claim,
        crumbs=crumbs_of_claim(claim.record),
        conflicts=conflicts_of(site, iri),
        planned_until=contents(site.reader, {iri: note}, [iri])[iri].planned_until if _tells_plans(claim) else "",
        citation=cite_claim(note, source, site.version, language(), translate),
        query=f"SELECT ?subject ?property ?value WHERE {{\n  GRAPH {node(iri)} {{ ?subject ?property ?value }}\n}}",
    )


def _tells_plans(claim: ClaimView) -> bool:
    """Whether the claim is of a plan, or names a planned day."""
    told = (fact.predicate for facts in claim.facts.values() for fact in facts)
    return claim.record.modality_code == "planned" or str(KEL.plannedLatest) in told


def _map(site: Site, thing: Thing) -> Any:
    if not thing.classes & _MAPPED:
        return None
    return place_map(site.reader, [thing.iri], language(), translate)


def _after() -> int:
    given = request.args.get("after", "0")
    if not (given.isascii() and given.isdecimal() and int(given) <= _FURTHEST):
        raise ProblemError(400, "Malformed request", f"after={given} is no number of links to pass over.")
    return int(given)


_QUERY: Final = """\
PREFIX kel: <https://w3id.org/kelisim/ns#>

# Every claim that speaks of it, with who says so and how surely.
SELECT ?subject ?property ?value ?speaker ?modality ?gloss WHERE {{
  VALUES ?thing {{ {thing} }}
  {{ GRAPH ?claim {{ ?thing ?property ?value }} BIND(?thing AS ?subject) }}
  UNION
  {{ GRAPH ?claim {{ ?subject ?property ?thing }} BIND(?thing AS ?value) }}
  ?claim kel:speaker ?speaker ; kel:modality ?modality ; kel:gloss ?gloss .
}} LIMIT 1000"""
