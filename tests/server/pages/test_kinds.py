"""Kinds of mistakes that pages once had, each looked for wherever it could be."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote, urljoin
from xml.etree.ElementTree import Element

import pytest

from kg.engine.engine import Engine
from kg.publishing.questions import read_questions
from kg.store.reader import Reader
from kg.views.lifecycle import LIFECYCLE
from kg.views.vocabulary import code_lists, ontology_terms
from ontology.namespaces import CODE, ID, KEL, PREFIXES, SRC
from server.http.links import page_of, paragraph_of, resource_of
from tests.http import BROWSER, send
from tests.markup import links, main, page, row, section, words
from tests.server.pages.test_browser import PAGES
from tests.wording import spaced

LISTS: Final = ("states", "leaders", "documents", "trade", "events", "events?page=2", "conflicts", "sources")

_CLASSES: Final = (
    *(KEL[name] for name in ("State", "Place", "Office", "Project", "Facility", "Route", "Policy", "Relation")),
    *(KEL[name] for name in ("Instrument", "DocumentPackage", "Visit", "EventSeries", "Observation", "Statement")),
    *(KEL[name] for name in ("StageEvent", "Tenure", "Participation", "Article", "Passage", "StateGroup", "Omission")),
    *(PREFIXES["org"] + name for name in ("Organization", "Post")),
    PREFIXES["oa"] + "TextPositionSelector",
    PREFIXES["foaf"] + "Image",
)


@pytest.fixture(scope="module")
def reader(engine: Engine) -> Reader:
    return Reader(engine)


@pytest.fixture(scope="module")
def opened(server: str) -> Callable[[str], Element]:
    """Parses the page at a path, each once."""
    known: dict[str, Element] = {}

    def get(path: str) -> Element:
        if path not in known:
            known[path] = page(urljoin(server, path.partition("#")[0]))
        return known[path]

    return get


def things(reader: Reader, pattern: str) -> list[str]:
    """What a pattern binds to ?thing, sorted."""
    rows = reader.rows(f"SELECT DISTINCT ?thing WHERE {{ {pattern} FILTER(ISIRI(?thing)) }} LIMIT 5000")
    return sorted(str(row["thing"].value) for row in rows)


def in_any(pattern: str) -> str:
    """A pattern in the default graph or in that of a claim."""
    return f"{{ {pattern} }} UNION {{ GRAPH ?claim {{ {pattern} }} }}"


def some(reader: Reader) -> list[str]:
    """The paths of the lists, and of one thing of each class."""
    found = [things(reader, in_any(f"?thing a <{iri}>"))[:1] for iri in _CLASSES]
    assert sum(map(len, found)) > 20
    return [*LISTS, *(page_of(iri) for several in found for iri in several)]


def test_every_link_into_a_page_finds_its_place(reader: Reader, opened: Callable[[str], Element]) -> None:
    """A link with a fragment leads to a page that has it: such as that to a paragraph of a long article."""
    far = f"?passage <{KEL.paragraph}> ?number . ?thing <{KEL.passage}> ?passage FILTER(?number > 30)"
    claims = [page_of(iri) for iri in things(reader, far)]
    assert len(claims) > 20
    missing, seen = [], set()
    for path in [*some(reader), *claims, *(page_of(SRC + name) for name in ("izv24", "mp23"))]:
        for link in links([opened(path).find(".//main") or opened(path)]):
            place, mark = link.partition("#")[::2]
            if mark and place.startswith("/") and link not in seen:
                seen.add(link)
                if not any(e.get("id") == unquote(mark) for e in opened(place).iter()):
                    missing.append((path, link))
    assert missing == []
    assert any("paragraph=31#p39" in link for link in seen)


def test_a_paragraph_on_another_page_is_still_an_anchor(opened: Callable[[str], Element]) -> None:
    first = opened("/page/source/mp23")
    elsewhere = next(e for e in first.iter("li") if e.get("id") == "p39")
    assert links([elsewhere]) == {paragraph_of(SRC + "mp23", 39)}
    assert any(e.get("id") == "p39" for e in opened(paragraph_of(SRC + "mp23", 39)).iter("section"))


def test_a_part_is_told_with_its_whole(reader: Reader, opened: Callable[[str], Element]) -> None:
    """Two of three is never 2: on its own page, in tables of what it is about, in the list, in a chart."""
    rows = reader.rows(
        f"SELECT ?thing ?value ?whole WHERE {{ GRAPH ?c {{ ?thing <{KEL.outOf}> ?whole ; <{KEL.value}> ?value }} }} "
        "LIMIT 99"
    )
    figures = {str(row["thing"].value): (row["value"].value, row["whole"].value) for row in rows}
    assert len(figures) > 4
    for iri, (value, whole) in figures.items():
        told = words(row([opened(page_of(iri))], "value")[1])
        assert re.match(r"[\d.,k]+ of [\d.,k]+\b", told), (iri, told)
        if len(f"{value}{whole}") < 6:
            assert told.startswith(f"{value} of {whole}")
    shares = opened("/trade?measure=measure-funding-share")
    assert words(row([shares], "share of funding")[3]).startswith("2 of 3")
    assert "2 of 3" in next(img for img in shares.iter("img") if "Share of funding" in img.get("alt", "")).get(
        "alt", ""
    )
    assert "2 of 3" in words(row([opened("/page/usa?part=figures")], "Share of the USA"))


def test_a_share_is_drawn_as_one(server: str) -> None:
    status, _, body = send(f"{server}charts/funding-share.vl.json")
    assert status == 200
    assert b'"value": 66.6' in body
    assert b"200%" not in body


_DRAWN: Final = re.compile(r"(?:: |; )([^:;]+): ([^;]+?)(?: \(planned\))?(?=[;.]$|; )")
"""The date and the name of an event in the words for the chart of events."""


def test_an_event_has_one_date_wherever_it_stands(reader: Reader, opened: Callable[[str], Element]) -> None:
    """The list, the chart above it and the pages of events give the same words."""
    dated = f"{{ ?thing <{KEL.latest}> ?day }} UNION {{ ?thing <{KEL.plannedLatest}> ?day }} ?thing <{KEL.status}> ?s"
    events = things(reader, f"GRAPH ?c {{ {dated} }}")
    assert len(events) > 10
    told: Mapping[str, set[str]] = defaultdict(set)
    for path in ("/events", "/events?page=2"):
        listed = section(opened(path), "list")
        for entry in (li for e in listed for li in e.iter("li")):
            link = next((h for a in entry.iter("a") if (h := a.get("href", "")).startswith("/page/")), "")
            told[link] |= {spaced(words(time)) for time in entry.iter("time")}
        heads = {words(e): next(e.iter("a")).get("href", "") for part in listed for e in part.iter("h3")}
        drawn = next(alt for e in opened(path).iter("img") if (alt := e.get("alt", "")).startswith("Events along"))
        for when, name in _DRAWN.findall(spaced(drawn)):
            if name in heads:
                told[heads[name]].add(when)
    for iri in events:
        cell = row([opened(page_of(iri))], "date")[1]
        told[page_of(iri)] |= {spaced(words(time)) for time in cell.iter("time")}
    several = {iri: dates for iri, dates in told.items() if len(dates) > 1}
    assert several == {}
    assert any(date.startswith("not after") for dates in told.values() for date in dates)


def test_steps_are_in_the_order_of_a_life(reader: Reader, opened: Callable[[str], Element]) -> None:
    """Whatever has steps: a document, a project, a facility, a route."""
    names = {words_: rank for rank, words_ in enumerate(_labels(reader, LIFECYCLE))}
    works = things(reader, f"GRAPH ?c {{ ?step <{KEL.stageOf}> ?thing }}")
    several = 0
    for iri in works:
        opened_page = opened(page_of(iri))
        found = [e for e in opened_page.iter() if e.get("id") in {"stages", "stage-track"}]
        assert len(found) == 1, iri
        inside = section(opened_page, found[0].get("id", ""))
        told = [names[t] for e in inside for cell in e.iter() for t in [_stage_in(cell, names)] if t]
        assert told == sorted(told), iri
        several += len(told) > 2
    assert several > 5
    steps = [words(tr) for e in section(opened("/page/kazakhstan-npp-project"), "stages") for tr in e.iter("tr")]
    order = ("proposed", "decision planned", "adopted", "tender planned", "choice of supplier")
    assert [next(word for word in order if word in step) for step in steps if any(w in step for w in order)] == [*order]


def _stage_in(cell: Element, names: Mapping[str, int]) -> str:
    """The stage that a cell of a table or an entry of a track tells; empty if none."""
    if cell.tag == "td" and cell.get("data-label") == "stage":
        return words(cell)
    if cell.tag == "li" and cell.get("class") in {"reached", "planned", "doubted", "untold"}:
        return next((name for name in sorted(names, key=len, reverse=True) if words(cell).startswith(name)), "")
    return ""


def _labels(reader: Reader, iris: tuple[str, ...]) -> list[str]:
    label = f"<{PREFIXES['skos']}prefLabel>"
    rows = reader.rows(f'SELECT ?iri ?text WHERE {{ ?iri {label} ?text FILTER(LANG(?text) = "en") }} LIMIT 5000')
    known = {str(row["iri"].value): str(row["text"].value) for row in rows}
    return [known[iri] for iri in iris]


def test_every_stage_has_its_place_in_a_life() -> None:
    (stages,) = (each for each in code_lists() if each.name == "stage")
    assert {code.iri for code in stages.codes} == set(LIFECYCLE)


def test_the_parts_of_a_package_share_its_stage(reader: Reader, opened: Callable[[str], Element]) -> None:
    """Where the package has one and the part none: on its page, in the list, by the filter, on the page of a state."""
    part = f"GRAPH ?p {{ ?thing <{KEL.partOf}>|<{KEL.inPackage}> ?whole }} GRAPH ?q {{ ?step <{KEL.stageOf}> ?whole }}"
    none = f"FILTER NOT EXISTS {{ GRAPH ?r {{ ?own <{KEL.stageOf}> ?thing }} }}"
    parts = things(reader, f"{part} GRAPH ?d {{ ?thing a <{KEL.DocumentPackage}> }} {none}")
    assert len(parts) >= 4
    for iri in parts:
        track = " ".join(map(words, section(opened(page_of(iri)), "stage-track")))
        assert "Told of the package that it is part of" in track
        assert "No source tells a stage" not in track
    every = opened("/documents")
    told = {a.get("href"): article for article in every.iter("article") for a in article[0].iter("a")}
    listed = [told[page_of(iri)] for iri in parts if page_of(iri) in told]
    assert listed
    assert all("No source tells a stage" not in words(article) for article in listed)
    planned = links([opened("/documents?stage=stage-signature-planned")])
    assert page_of(str(ID["intergovernmental-visit-documents-2024"])) in planned
    assert "No stage told" not in main(opened("/page/kazakhstan"))


def test_every_question_ends_with_its_mark() -> None:
    for question in read_questions():
        for title in (question.title, *question.titles.values()):
            assert title.endswith("?"), (question.name, title)
            assert title.count("?") == 1, (question.name, title)


def test_the_page_of_terms_and_codes_has_both(opened: Callable[[str], Element]) -> None:
    found = opened("/page/ns")
    linked = {link.partition("#")[0] for link in links([found])}
    codes = {page_of(code.iri) for each in code_lists() for code in each.codes}
    assert len(codes) > 150
    assert codes <= linked
    assert {page_of(each.scheme.iri) for each in code_lists()} <= linked
    assert {term.name for term in ontology_terms() if term.name} <= {e.get("id", "") for e in found.iter()}


@pytest.mark.parametrize("path", sorted({*PAGES.values()} - {PAGES["nowhere"]}))
def test_every_page_can_be_cited(server: str, path: str) -> None:
    """Lists too, at the address with their filters."""
    _, _, body = send(f"{server}{path}", headers={"Accept": BROWSER, "Accept-Language": "en"})
    text = body.decode()
    assert "<summary>Cite this" in text or "/cite?" in text or "Cite this answer" in text


def test_a_filtered_list_is_cited_with_its_filters(opened: Callable[[str], Element]) -> None:
    found = opened("/events?year=2023&lang=en&nonsense=1")
    cite = next(e for e in found.iter("details") if e.get("class") == "cite")
    assert re.search(r"Events\. In Kelisim.*/events\?year=2023 ?", words(cite))
    assert "lang=en" not in words(cite)
    assert "nonsense" not in words(cite)
    assert "@misc{kelisim-events," in words(cite)


MACHINE: Final = re.compile(
    r"(?<![\w/.-])(src|unit|code|id|claim|kel|dcterms|oa|qb|org|foaf|skos|prov|rdf|rdfs):[\w-]+|://"
)


def test_titles_are_words(reader: Reader, opened: Callable[[str], Element]) -> None:
    spans = [page_of(iri) for iri in things(reader, f"?thing a <{PREFIXES['oa']}TextPositionSelector>")][:3]
    units = [resource_of(iri) for iri in things(reader, f"GRAPH ?c {{ ?figure <{KEL.unit}> ?thing }}")]
    assert len(units) > 5
    codes = [page_of(code.iri) for each in code_lists()[:3] for code in each.codes[:2]]
    for path in [*some(reader), *spans, *units, *codes]:
        title = words(opened(path).find(".//title"))
        assert not MACHINE.search(title), title
        assert not re.search(r"\b(izv24|mp23)\b", title), title
    assert words(opened(spans[0]).find(".//h1")).startswith("Position in the text: Izvestia, November 2024, paragraph")


JARGON: Final = re.compile(
    r"\b(reference area|counterpart area|tenures?|instruments?|bounds?|reified)\b", re.IGNORECASE
)


def test_words_are_plain(reader: Reader, opened: Callable[[str], Element]) -> None:
    """In headings, tables and their heads; glosses are the curators'."""
    for path in [*some(reader), "/downloads", "/search?q=tenure", page_of(str(CODE["bound-over"]))]:
        found = opened(path)
        heads = [e for tag in ("h1", "h2", "h3", "th", "dt", "summary") for e in found.iter(tag)]
        cells = [e for e in found.iter("td") if e.get("class") == "quiet" or path == "/downloads"]
        for element in [*heads, *cells]:
            assert not JARGON.search(words(element)), (path, words(element))


def test_a_person_is_not_a_thing(reader: Reader, opened: Callable[[str], Element]) -> None:
    """No heading or note on the page of a person says it or its."""
    people = things(reader, f"?thing a <{PREFIXES['foaf']}Person>")
    assert len(people) > 20
    for iri in people[::3]:
        found = opened(page_of(iri)).find(".//main")
        assert found is not None
        glosses = {id(e) for ol in found.iter("ol") for e in ol.iter()} | {id(e) for e in found.iter("a")}
        own = [e for tag in ("h2", "h3", "th", "summary", "dt", "p") for e in found.iter(tag)]
        for element in (e for e in own if id(e) not in glosses and e.get("id") != "take"):
            text = " ".join([element.text or "", *(child.tail or "" for child in element)])
            assert not re.search(r"\b(it|its|itself)\b", text, re.IGNORECASE), (iri, text)


@pytest.mark.parametrize("name", ["trade", "students", "events", "group-population", "enterprises"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_axis_is_read_as_bare_numbers(server: str, name: str, language: str) -> None:
    status, _, body = send(f"{server}charts/{name}.svg?lang={language}")
    assert status == 200
    spoken = re.findall(r'aria-label="([^"]*)"', body.decode())
    assert spoken
    assert not [words_ for words_ in spoken if re.search(r"\d[\d,\s]{11,}|axis|scale with values", words_)]


def test_members_are_those_that_the_sources_tell_of(opened: Callable[[str], Element]) -> None:
    found = opened("/page/csto")
    notes = [words(p) for e in section(found, "agents") for p in e.iter("p") if p.get("class") == "quiet told"]
    assert notes == ["Members told of in these sources; there may be others."]


def test_all_that_lacks_claims_is_folded_and_can_be_reached(opened: Callable[[str], Element]) -> None:
    found = opened("/page/source/izv24")
    folds = [e for e in found.iter("details") if e.get("class") == "folded"]
    inside = {e.get("id") for fold in folds for e in fold.iter("section")}
    without = {
        e.get("id") for e in found.iter("section") if e.get("id", "").startswith("p") and "No claims:" in words(e)
    }
    assert inside == without
    assert without
