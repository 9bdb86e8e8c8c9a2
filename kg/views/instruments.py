"""Documents between states, and packages of documents, with the stages of their lifecycle."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from kg.store.reader import Reader, node
from kg.views.facts import Fact, facts_about, links_by
from kg.views.finding import Search, find
from kg.views.lifecycle import LIFECYCLE, rank
from kg.views.listings import PAGE_SIZE, Listing, distinct, listing, name_contains, years_within
from kg.views.records import Record, records
from kg.views.timelines import Moment
from ontology.iris import CODE, KEL
from ontology.namespaces import RDF_TYPE

SIGNED: Final = tuple(
    str(CODE[f"stage-{name}"])
    for name in ("proposed", "negotiated", "prepared", "signature-planned", "signed", "extended")
)
"""The stages always shown for a document that is signed, with claims or without."""

ADOPTED: Final = tuple(stage.replace("signature", "adoption").replace("signed", "adopted") for stage in SIGNED)
"""The same for a document that is adopted, by an organisation or at a summit."""

_CLASSES: Final = f"VALUES ?class {{ <{KEL.Instrument}> <{KEL.DocumentPackage}> }}"
_ANY: Final = f"{_CLASSES} {{ ?thing a ?class }} UNION {{ GRAPH ?stating {{ ?thing a ?class }} }}"
_SPAN: Final = (
    f"{{ GRAPH ?c {{ ?dated <{KEL.stageOf}> ?thing }} }} UNION "
    f"{{ GRAPH ?c {{ ?step <{KEL.stageOf}> ?thing }} GRAPH ?d {{ ?step <{KEL.atEvent}> ?at }} "
    f"?at <{KEL.partOf}>? ?dated }} "
    f"UNION {{ GRAPH ?c {{ ?thing <{KEL.outcomeOf}> ?of }} ?of <{KEL.partOf}>? ?dated }} UNION "
    f"{{ GRAPH ?c {{ ?thing <{KEL.periodStart}> ?start }} BIND(?thing AS ?dated) }} "
    f"VALUES (?opening ?closing) {{ (<{KEL.earliest}> <{KEL.latest}>) (<{KEL.plannedEarliest}> <{KEL.plannedLatest}>) "
    f"(<{KEL.periodStart}> <{KEL.periodEnd}>) }} "
    f"GRAPH ?e {{ ?dated ?opening ?from . ?dated ?closing ?until }}"  # the shapes require both
)
"""Binds ``?from`` and ``?until`` to the dates of ``?thing``: of its stages, of its events, and of its period."""


@dataclass(frozen=True)
class Stage:
    """One stage of a document: its code with its claims, its own dates, and the events at which it took place.

    Few sources date the stage itself; `event_dates` are those of the events.
    """

    iri: str
    code: Fact
    dates: tuple[Moment, ...]
    events: tuple[Fact, ...]
    event_dates: tuple[Moment, ...]


@dataclass(frozen=True)
class LifecycleStep:
    """A step of the lifecycle: the code of a stage, and the document's stages with that code, if any."""

    code: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Instrument:
    """A document, or a package of documents of which only the number is known (`counts`).

    wholes: the documents and packages that it is part of, each with the fact that says so, if it has no stages itself.
    """

    iri: str
    is_package: bool
    counts: tuple[Fact, ...]
    kinds: tuple[Fact, ...]
    parties: tuple[Fact, ...]
    periods: tuple[Moment, ...]
    stages: tuple[Stage, ...]
    wholes: tuple[tuple[Fact, "Instrument"], ...] = ()

    @property
    def told_by(self) -> "Instrument":
        """The document whose stages tell how far this one has come: itself, else a package that it is part of."""
        return self if self.stages else next((whole for _, whole in self.wholes if whole.stages), self)

    @property
    def lifecycle(self) -> tuple[LifecycleStep, ...]:
        """The stages in order: those with claims, and the usual ones without."""
        by_code: dict[str, list[Stage]] = defaultdict(list)
        for stage in self.stages:
            by_code[stage.code.iri].append(stage)
        adopted = any(code in by_code for code in ADOPTED if code not in SIGNED)
        usual = ADOPTED if adopted else SIGNED
        other = sorted(code for code in by_code if code not in LIFECYCLE)
        shown = [code for code in LIFECYCLE if code in by_code or code in usual] + other
        return tuple(LifecycleStep(code, tuple(by_code[code])) for code in shown)

    @property
    def latest_stage(self) -> str:
        """The code of the latest stage of `told_by` with a claim, by the order of `LIFECYCLE`; empty without any."""
        reached = [step.code for step in self.told_by.lifecycle if step.stages]
        return reached[-1] if reached else ""


def documents(  # noqa: PLR0913 - the filters of the list
    reader: Reader,
    language: str,
    *,
    party: str = "",
    kind: str = "",
    stage: str = "",
    year: int = 0,
    words: str = "",
    by_date: bool = False,
    descending: bool = False,
    number: int = 1,
    size: int = PAGE_SIZE,
    told: str = "",
) -> Listing:
    """Documents and packages by name or by their last date; see `selected_documents`.

    told: a further pattern that they fit.
    """
    pattern = f"{selected_documents(party, kind, stage, year, words)} {told}"
    key = f"{_SPAN} BIND(?until AS ?key)" if by_date else ""
    return listing(reader, pattern, language, key=key, descending=descending, number=number, size=size)


def selected_documents(party: str = "", kind: str = "", stage: str = "", year: int = 0, words: str = "") -> str:
    """The pattern of the selected documents; `kind` may be the class of packages.

    year: a year in which the document has a date: of a stage, of an event that it results from, or of its period.
    """
    pattern = _pattern(party, kind, stage, year)
    return f"{pattern} {name_contains(words)}" if words else pattern


def parties(reader: Reader) -> list[str]:
    """The parties of documents."""
    return distinct(reader, f"{_ANY} GRAPH ?c {{ ?thing <{KEL.party}> ?party }}", "party")


def kinds(reader: Reader) -> list[str]:
    """The kinds that documents have, and the class of packages where there is one."""
    package = f"?thing a <{KEL.DocumentPackage}> BIND(<{KEL.DocumentPackage}> AS ?kind)"
    return distinct(reader, f"{{ {_ANY} GRAPH ?c {{ ?thing <{KEL.kind}> ?kind }} }} UNION {{ {package} }}", "kind")


def stages(reader: Reader) -> list[str]:
    """The stages that documents have, in the order of `LIFECYCLE`."""
    found = distinct(reader, f"GRAPH ?c {{ ?step <{KEL.stageOf}> ?thing }} {_ANY} {_STAGE}", "stage")
    return sorted(found, key=lambda code: (rank(code), code))


def years(reader: Reader) -> list[int]:
    """The years in which documents have a date, the latest first; see `kg.views.listings.years_within`."""
    return years_within(reader, f"{_ANY} {_SPAN}")


def of_party(party: str, limit: int) -> Search:
    """The documents of a party."""
    return Search(_pattern(party, "", "", 0), limit)


def referring_to(thing: str, limit: int) -> Search:
    """The documents that refer to a thing, but not as a party."""
    return Search(
        f"GRAPH ?c {{ ?thing ?naming {node(thing)} }} FILTER(?naming != <{KEL.party}>) {_ANY}",
        limit,
    )


def documents_of(reader: Reader, party: str, limit: int) -> list[Instrument]:
    """The documents of `of_party`, the latest stage first."""
    found = instruments(reader, find(reader, of_party(party, limit)))
    return sorted(found, key=lambda each: (-rank(each.latest_stage), each.latest_stage, each.iri))


def documents_referring_to(reader: Reader, thing: str, limit: int) -> list[tuple[str, Fact]]:
    """The documents of `referring_to`, with the facts that do."""
    found = records(reader, find(reader, referring_to(thing, limit)))
    return [
        (each.thing, fact)
        for each in found.values()
        for facts in each.facts.values()
        for fact in facts
        if fact.iri == thing and fact.predicate != str(KEL.party)
    ]


def instruments(reader: Reader, iris: Iterable[str]) -> list[Instrument]:
    """Documents and packages with the facts of all claims, in the order of `iris`."""
    wanted = list(dict.fromkeys(iris))
    found = _read(reader, wanted)
    described = records(reader, wanted)
    within = {
        iri: [fact for name in _WHOLES for fact in described[iri][name] if fact.iri] if not found[iri].stages else []
        for iri in wanted
    }
    wholes = _read(reader, dict.fromkeys(fact.iri for facts in within.values() for fact in facts))
    return [
        replace(found[iri], wholes=tuple((fact, whole) for fact in within[iri] if (whole := wholes[fact.iri]).stages))
        for iri in wanted
    ]


_WHOLES: Final = ("inPackage", "partOf")


def _read(reader: Reader, iris: Iterable[str]) -> dict[str, Instrument]:
    wanted = list(iris)
    described = records(reader, wanted)
    staged = _stages(reader, wanted)
    packages = {
        iri
        for iri, facts in facts_about(reader, wanted).items()
        if any(fact.iri == str(KEL.DocumentPackage) and fact.predicate == RDF_TYPE for fact in facts)
    }
    return {iri: _instrument(described[iri], iri in packages, staged[iri]) for iri in wanted}


_STAGE: Final = f"GRAPH ?s {{ ?step <{KEL.stage}> ?stage }}"


def _pattern(party: str, kind: str, stage: str, year: int) -> str:
    """The graph pattern of the filtered documents, the most selective part first."""
    parts = []
    if party:
        parts.append(f"GRAPH ?p {{ ?thing <{KEL.party}> {node(party)} }}")
    if stage:
        parts.append(
            f"GRAPH ?q {{ ?staged <{KEL.stage}> {node(stage)} }} {{ GRAPH ?r {{ ?staged <{KEL.stageOf}> ?thing }} }} "
            f"UNION {{ GRAPH ?r {{ ?staged <{KEL.stageOf}> ?whole }} "
            f"GRAPH ?t {{ ?thing <{KEL.inPackage}>|<{KEL.partOf}> ?whole }} "
            f"FILTER NOT EXISTS {{ GRAPH ?u {{ ?own <{KEL.stageOf}> ?thing }} }} }}"
        )
    if kind == str(KEL.DocumentPackage):
        parts.append(f"{{ ?thing a <{kind}> }} UNION {{ GRAPH ?k {{ ?thing a <{kind}> }} }}")
    elif kind:
        parts.append(f"GRAPH ?k {{ ?thing <{KEL.kind}> {node(kind)} }}")
    parts.append(_ANY)
    if year:
        parts.append(f"{_SPAN} FILTER(YEAR(?from) <= {year} && YEAR(?until) >= {year})")
    return " ".join(f"{{ {part} }}" for part in parts)


def _stages(reader: Reader, documents: list[str]) -> dict[str, list[Stage]]:
    steps = [(link.subject, link.iri) for link in links_by(reader, str(KEL.stageOf), documents)]
    every = records(reader, (step for step, _ in steps))
    dated = _dates_of_events(reader, {fact.iri for each in every.values() for fact in each["atEvent"]})
    found: dict[str, list[Stage]] = {iri: [] for iri in documents}
    for step, document in steps:
        each = every[step]
        at = each["atEvent"]
        days = tuple(moment for fact in at for moment in dated[fact.iri])
        found[document] += [Stage(step, code, each.dates("held", "planned"), at, days) for code in each["stage"]]
    return found


def _dates_of_events(reader: Reader, events: set[str]) -> dict[str, tuple[Moment, ...]]:
    """The dates of events; for an event without dates, those of the event that it is part of."""
    every = records(reader, events)
    bigger = records(reader, (fact.iri for each in every.values() for fact in each["partOf"]))
    return {
        event: each.dates("held", "planned")
        or tuple(moment for fact in each["partOf"] for moment in bigger[fact.iri].dates("held", "planned"))
        for event, each in every.items()
    }


def _instrument(each: Record, is_package: bool, steps: list[Stage]) -> Instrument:
    return Instrument(
        each.thing,
        is_package,
        each["documentCount"],
        each["kind"],
        each["party"],
        each.dates("period"),
        tuple(steps),
    )
