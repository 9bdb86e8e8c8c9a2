"""What stands on top of the pages of things: a sentence, and the way there from the overview."""

from dataclasses import dataclass
from typing import Final

from kg.language.messages import gettext_noop
from kg.views.briefs import Brief
from kg.views.footnotes import Footnote
from kg.views.states import HEAD_OF_STATE
from kg.views.things import Thing
from kg.views.timelines import Moment
from ontology.namespaces import CODE, KEL, PREFIXES, SRC
from server.http.languages import translate
from server.http.links import page_of, paragraph_of
from server.http.moments import when

_PERSON: Final = PREFIXES["foaf"] + "Person"

_LISTS: Final = (
    (str(KEL.State), "/states", gettext_noop("States")),
    (_PERSON, "/leaders", gettext_noop("Leaders")),
    (str(KEL.Instrument), "/documents", gettext_noop("Documents")),
    (str(KEL.DocumentPackage), "/documents", gettext_noop("Documents")),
    (str(KEL.Event), "/events", gettext_noop("Events")),
    (str(KEL.EventSeries), "/events", gettext_noop("Events")),
    (str(KEL.Observation), "/trade", gettext_noop("Trade")),
    (PREFIXES["qb"] + "Observation", "/trade", gettext_noop("Trade")),
    (str(KEL.Article), "/sources", gettext_noop("Sources")),
    (str(KEL.Passage), "/sources", gettext_noop("Sources")),
)
"""The list in which the things of a class stand."""


@dataclass(frozen=True)
class Crumb:
    """A page on the way to this one."""

    address: str
    words: str


def crumbs(thing: Thing) -> list[Crumb]:
    """The pages above that of a thing: the overview, the list of its kind, and what it is a part of."""
    found = [Crumb("/", translate("Overview"))]
    if thing.iri.startswith(str(CODE)):
        return [*found, Crumb("/page/ns#codes", translate("Terms and codes"))]
    above = next(((path, words) for name, path, words in _LISTS if name in thing.classes), None)
    if above:
        found.append(Crumb(above[0], translate(above[1])))
    if thing.iri.startswith(str(SRC)):
        found += [Crumb(page_of(article), str(thing.name(article))) for article in _articles(thing)]
    return found


def crumbs_of_claim(note: Footnote) -> list[Crumb]:
    """The pages above that of a claim: the overview, the sources, the paragraph of its article."""
    found = [Crumb("/", translate("Overview")), Crumb("/sources", translate("Sources"))]
    if note.article:
        found.append(Crumb(paragraph_of(note.article, note.paragraph), str(note.article_label)))
    return found


def _articles(thing: Thing) -> list[str]:
    rows = (row for _, group in thing.groups for row in group if row.predicate == str(KEL.article))
    return [fact.iri for row in rows for fact in row.facts if fact.iri]


def sentence(brief: Brief, sort: str) -> str:
    """One sentence on what the thing is, from what the sources tell; sort: its class."""
    thing = brief.thing
    name = str(thing.label)
    leader = next((t for t in brief.leaders if t.holders and HEAD_OF_STATE in t.office.roles), None)
    if str(KEL.State) in thing.classes and leader:
        words = translate("%(name)s is a state; its head, by the sources, is %(person)s (%(when)s).")
        return words % {"name": name, "person": thing.name(leader.holders[0].iri), "when": _last(leader.attested)}
    if str(KEL.State) in thing.classes:
        return translate("%(name)s is a state of whose head the sources tell nothing.") % {"name": name}
    if _PERSON in thing.classes and brief.offices:
        offices = ", ".join(dict.fromkeys(str(thing.name(fact.iri)) for t in brief.offices for fact in t.offices))
        words = translate("%(name)s: %(offices)s, as the sources show (%(when)s).")
        return words % {"name": name, "offices": offices, "when": _last(brief.offices[0].attested)}
    if _PERSON in thing.classes:
        return translate("%(name)s is a person of whom the sources tell no office.") % {"name": name}
    kinds = [str(thing.name(fact.iri)) for fact in (*brief.kinds, *brief.statuses)] or [sort]
    dates = [when(moment) for moment in brief.moments[:1]]
    places = [str(thing.name(fact.iri)) for fact in brief.places[:2]]
    words = f"{name}: {', '.join(filter(None, dict.fromkeys([*kinds, *dates, *places])))}"
    return words if words.endswith(".") else f"{words}."  # a date in Russian ends in that of its “г.”


def _last(moments: tuple[Moment, ...]) -> str:
    return when(moments[-1]) if moments else translate("no day told")
