"""Plans, and what a later claim tells of them: another date, place or level, called off, or still open."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from kg.conflicts.evidence import Evidence
from kg.conflicts.model import Conflict, code, side
from kg.conflicts.moments import Moment, dated_sides, day_term, disagreeing, infers_dates, moments, property_of
from ontology.namespaces import KEL

DONE: Final = {
    code(f"stage-{planned}"): code(f"stage-{done}")
    for planned, done in (
        ("signature-planned", "signed"), ("adoption-planned", "adopted"), ("extension-planned", "extended"),
        ("decision-planned", "adopted"), ("opening-planned", "opened"), ("construction-planned", "under-construction"),
    )
}  # fmt: skip
"""The stage that carries out each planned stage."""

_PLANNED: Final = code("status-planned")
_CALLED_OFF: Final = code("status-cancelled")
_OPEN: Final = {"planned", "expected", "possible"}


def plan_conflicts(evidence: Evidence) -> Iterator[Conflict]:
    """The conflicts between plans and outcomes; a plan that was carried out as announced is none."""
    dated = {thing for name in ("plannedLatest", "latest") for thing, _ in evidence.told(name)}
    for thing in sorted(dated):
        yield from _dates(evidence, thing)
    yield from _called_off(evidence)
    yield from _still_planned(evidence)
    yield from _left_open(evidence)
    yield from _stages(evidence)


def _dates(evidence: Evidence, thing: str) -> Iterator[Conflict]:
    """Held on another date than planned, or planned anew; dates that one time tells differently are `attribute`."""
    planned, held = (moments(evidence, thing, [phase]) for phase in ("planned", "held"))
    if found := disagreeing(planned, held):
        yield _of_dates(evidence, (thing, "held"), thing, found)
    anew = disagreeing(planned, planned) if len(planned) > 1 else []
    if evidence.articles_differ(m.claim for m in anew):
        yield _of_dates(evidence, (thing, "moved"), thing, anew)


def _of_dates(evidence: Evidence, key: tuple[str, ...], thing: str, found: Iterable[Moment]) -> Conflict:
    found = list(found)
    caveats = {"changed-plan"} | ({"inferred-date"} if infers_dates(evidence, thing) else set())
    phase = "planned" if all(m.phase == "planned" for m in found) else "held"
    return Conflict("plan", key, property_of(phase), (thing,), dated_sides(thing, found), frozenset(caveats))


def _called_off(evidence: Evidence) -> Iterator[Conflict]:
    """Called off, or denied to be held, and planned or held by another claim."""
    denied = dict(evidence.told("status", denied=True))
    for thing, told in evidence.told("status"):
        off = [t for t in told if t.value.value == _CALLED_OFF]
        on = [t for t in told if t.value.value in {_PLANNED, code("status-held")}]
        denials = [t for t in denied.get(thing, []) if t.value.value == code("status-held")]
        against = off + (denials if all(t.value.value == _PLANNED for t in on) else [])
        if on and {t.claim for t in against} - {t.claim for t in on}:
            sides = tuple(side([t.value for t in of], [thing], [t.claim for t in of]) for of in (on, against))
            yield Conflict("plan", (thing, "called-off"), str(KEL.status), (thing,), sides, _MOVED)


def _still_planned(evidence: Evidence) -> Iterator[Conflict]:
    """The planned days had passed when a later article told of it as planned without new ones."""
    for thing, told in evidence.told("status"):
        windows = moments(evidence, thing, ["planned"])
        if not windows:
            continue
        last = max(m.last for m in windows)
        late = [t for t in told if t.value.value == _PLANNED and evidence.record(t.claim).published[0] > last]
        if late and not moments(evidence, thing, ["held"]):
            sides = (
                *dated_sides(thing, (m for m in windows if m.last == last)),
                side([t.value for t in late], [thing], [t.claim for t in late]),
            )
            yield Conflict("plan", (thing, "still-planned"), property_of("planned"), (thing,), sides, _MOVED)


def _left_open(evidence: Evidence) -> Iterator[Conflict]:
    """A step was to be taken by a day; an article of after it speaks of the same matter as open."""
    spoken_of: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in ("concerns", "stageOf"):
        for subject, told in evidence.told(name):
            for t in told:
                if evidence.record(t.claim).modality in _OPEN:
                    spoken_of[t.value.value].append((subject, t.claim))
    for step, told in evidence.told("stageOf"):
        windows = moments(evidence, step, ["planned"])
        last = max((m.last for m in windows), default="")
        taken = any(evidence.record(t.claim).published[0] > last for t in evidence.of(step, "stage"))
        if not last or taken:
            continue
        for matter in sorted({t.value.value for t in told}):
            late = [each for each in spoken_of.get(matter, ()) if evidence.record(each[1]).published[0] > last]
            if late:
                days = {evidence.record(claim).published[0] for _, claim in late}  # on which it was still open
                other = side(map(day_term, days), (subject for subject, _ in late), (claim for _, claim in late))
                sides = (*dated_sides(step, (m for m in windows if m.last == last)), other)
                key, on = (step, matter, "left-open"), property_of("planned")
                yield Conflict("plan", key, on, (matter,), sides, _MOVED | {"step-untold"})


def _stages(evidence: Evidence) -> Iterator[Conflict]:
    """A document signed, adopted, extended … on another date than planned."""
    steps: dict[tuple[str, str], list[str]] = defaultdict(list)
    for step, told in evidence.told("stageOf"):
        for matter in {t.value.value for t in told}:
            for stage in {t.value.value for t in evidence.of(step, "stage")}:
                steps[matter, stage].append(step)
    for (matter, stage), planned in sorted(steps.items()):
        done = steps.get((matter, DONE.get(stage, "")), [])
        windows = [m for step in planned for m in moments(evidence, step, ["planned"])]
        days = [m for step in done for m in moments(evidence, step, ["held"])]
        if found := disagreeing(windows, days):
            sides = [
                s
                for step in (*planned, *done)
                for s in dated_sides(step, (m for m in found if m in moments(evidence, step)))
            ]
            yield Conflict("plan", (matter, stage), property_of("held"), (matter,), tuple(sides), _MOVED)


_MOVED: Final = frozenset({"changed-plan"})
