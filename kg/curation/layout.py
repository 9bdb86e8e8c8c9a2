"""How curated statements are written: the layout of the shipped files, for text that no hand has written yet.

- A statement opens with its subject and its class; each further line is indented by four and holds predicates that are
  read together (kind and status, value and unit, a date and its EDTF), divided by `` ; ``, ended by `` ;`` or `` .``.
- Predicates stand in the order of the tables below, those that they do not name before the gloss and the note. Objects
  and subjects keep the order in which they are given; words come in the order English, Russian, Kazakh.
- All languages of a label, gloss or reason stand in one line, however long. Other lines break before `WIDTH`
  characters, between predicates first, then between objects.
- Numbers and truth values are bare where that says the same; all other literals are quoted, on one line.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pyoxigraph as ox

from kg.curation.curated import Claim
from ontology.namespaces import CLAIM, PREFIXES, RDF_TYPE

WIDTH: Final = 150
"""A line breaks before this many characters, unless it holds words in several languages."""
LANGUAGES: Final = ("en", "ru", "kk")
"""The languages of labels and glosses, in the order in which they stand."""

_Lines = tuple[tuple[str, ...], ...]

_FACTS: Final[_Lines] = (
    ("a", "org:subOrganizationOf", "org:classification"),
    ("rdfs:label",),
    ("dcterms:title", "dcterms:isPartOf"),
    ("kel:measure", "kel:group", "kel:figureKind"),
    ("kel:refArea", "kel:counterpartArea", "kel:observed"),
    ("kel:periodStart", "kel:periodEnd"),
    ("kel:periodEdtf",),  # with kel:dateBasis, see _line
    ("kel:holder", "kel:office"),
    ("kel:attestedOn",),
    ("kel:inEvent", "kel:agent"),
    ("kel:capacity", "kel:attendance"),
    ("kel:stageOf", "kel:stage"),
    ("kel:atEvent",),
    ("kel:kind", "kel:status", "kel:saidBy", "kel:relayedBy", "kel:addressee", "kel:actor", "kel:target", "kel:party"),
    ("kel:partOf", "kel:stance"),
    ("kel:visitor", "kel:visited", "kel:host", "kel:organiser", "kel:visitLevel", "kel:place", "kel:inSeries"),
    ("kel:origin", "kel:via", "kel:destination"),
    ("kel:operator", "kel:builder", "kel:candidateBuilder", "kel:delivers"),
    ("kel:participant", "kel:delegate"),
    ("kel:ordinal",),
    ("kel:concernsActor", "kel:concernsTarget"),
    ("kel:concerns",),
    ("kel:commodity",),
    ("kel:topic",),
    ("kel:manner", "kel:degree"),
    ("kel:condition", "kel:reason", "kel:responseTo", "kel:follows"),
    ("kel:plannedEarliest", "kel:plannedLatest"),
    ("kel:plannedEdtf",),
    ("kel:earliest", "kel:latest"),
    ("kel:edtf", "kel:dateBasis"),
    ("kel:value", "kel:outOf", "kel:unit"),
    ("kel:share",),
    ("kel:documentCount", "kel:bound", "kel:trend", "kel:asWritten"),
)
_FACTS_END: Final[_Lines] = (("kel:gloss",), ("kel:note",))
_RECORD: Final[_Lines] = (
    ("a",),
    ("kel:passage", "kel:speaker", "kel:modality"),
    ("kel:basis",),
    ("kel:curatorConfidence",),
    ("kel:confidenceReason",),
)
_THINGS: Final[_Lines] = (
    ("a", "kel:status", "skos:inScheme"),
    ("org:subOrganizationOf",),
    ("org:postIn", "org:role"),
    ("org:classification",),
    ("kel:inState", "kel:locatedIn"),
    ("geo:lat", "geo:long"),
    ("kel:isoAlpha2", "kel:isoAlpha3"),
    ("rdfs:label",),
    ("skos:prefLabel",),
    ("skos:altLabel",),
    ("skos:definition",),
    ("dcterms:title",),
    ("dcterms:publisher",),
    ("dcterms:language",),
    ("kel:sha256",),
    ("kel:earliest", "kel:latest"),
    ("kel:edtf", "kel:dateBasis"),
)
_THINGS_END: Final[_Lines] = (("kel:note",), ("skos:exactMatch",), ("dcterms:source",))
_OMISSION: Final[_Lines] = (("a", "kel:article", "kel:paragraph", "kel:note"),)
_BASIS_WITH: Final = ("kel:edtf", "kel:periodEdtf", "kel:plannedEdtf")
"""The basis of a date stands on the line of the last of these that is given."""

_LOCAL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)")
_BARE: Final = {
    PREFIXES["xsd"] + "integer": re.compile(r"[+-]?[0-9]+"),
    PREFIXES["xsd"] + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    PREFIXES["xsd"] + "boolean": re.compile(r"true|false"),
}
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\x7f\x85\u2028\u2029]')


class Names:
    """Writes terms with the prefixes of a file; `used` are those that it needed, declared there or not."""

    def __init__(self, declared: Mapping[str, str] = PREFIXES) -> None:
        known = {**declared, **{prefix: iri for prefix, iri in PREFIXES.items() if prefix not in declared}}
        self._namespaces = sorted(((iri, prefix) for prefix, iri in known.items()), key=lambda pair: -len(pair[0]))
        self.used: set[str] = set()

    def iri(self, iri: str) -> str:
        """An IRI, with a prefix where its namespace has one and its rest needs no escape."""
        for namespace, prefix in self._namespaces:
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def term(self, term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
        """A term of a curated statement, which is an IRI or a literal."""
        if isinstance(term, ox.NamedNode):
            return self.iri(term.value)
        assert isinstance(term, ox.Literal), "curated data has neither blank nodes nor triple terms"
        if term.language:
            return f"{_quoted(term.value)}@{term.language}"
        datatype = term.datatype.value
        bare = _BARE.get(datatype)
        if bare and bare.fullmatch(term.value):
            return term.value
        return _quoted(term.value) + ("" if datatype == PREFIXES["xsd"] + "string" else f"^^{self.iri(datatype)}")

    def predicate(self, iri: str) -> str:
        """A predicate; ``a`` for the class."""
        return "a" if iri == RDF_TYPE else self.iri(iri)


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(lambda m: _ESCAPES.get(m[0], f"\\u{ord(m[0]):04X}"), text) + '"'


def render_graph(claim: Claim, names: Names) -> str:
    """The graph of a claim, without a line end after it."""
    facts = "\n".join(_statements(claim.facts, names, 4, (_FACTS, _FACTS_END)))
    return f"{names.iri(claim.iri)} {{\n{facts}\n}}"


def render_record(claim: Claim, names: Names) -> str:
    """The record of a claim, without a line end after it; empty if it has none."""
    triples = [triple for triples in claim.record.values() for triple in triples]
    return "\n".join(_statements(triples, names, 0, (_RECORD, _FACTS_END)))


def render_claim(claim: Claim, names: Names | None = None) -> str:
    """A claim as it stands in a file: its graph, then its record, without a line end after it."""
    names = names or Names()
    return "\n".join(filter(None, (render_graph(claim, names), render_record(claim, names))))


def render_things(triples: Iterable[ox.Triple], names: Names | None = None) -> str:
    """Things of the reference data (entities, articles, omissions), without a line end after them."""
    return "\n".join(_statements([*triples], names or Names(), 0, (_THINGS, _THINGS_END)))


def claim_of(name: str, facts: Iterable[ox.Triple], record: Iterable[ox.Triple]) -> Claim:
    """A claim that stands in no file yet: its local name, its facts, its record (subjects are not looked at)."""
    properties: dict[str, list[ox.Triple]] = {}
    for triple in record:
        properties.setdefault(triple.predicate.value, []).append(triple)
    return Claim(str(CLAIM) + name, "", 1, tuple(facts), properties)


def _statements(triples: Sequence[ox.Triple], names: Names, indent: int, lines: tuple[_Lines, _Lines]) -> Iterable[str]:
    subjects: dict[str, dict[str, list[str]]] = {}
    ordered = sorted(triples, key=_language)  # stable: what has no language keeps its order
    of_subject = {names.term(t.subject): None for t in triples}
    for triple in ordered:
        about = subjects.setdefault(names.term(triple.subject), {})
        objects = about.setdefault(names.predicate(triple.predicate.value), [])
        written = names.term(triple.object)
        if written not in objects:
            objects.append(written)
    for subject in of_subject:
        about = subjects[subject]
        table = (_OMISSION, ()) if "kel:Omission" in about.get("a", ()) else lines
        yield _statement(subject, about, indent, table)


def _language(triple: ox.Triple) -> int:
    language = triple.object.language if isinstance(triple.object, ox.Literal) else None
    return LANGUAGES.index(language) if language in LANGUAGES else len(LANGUAGES) if language else 0


def _statement(subject: str, about: Mapping[str, list[str]], indent: int, lines: tuple[_Lines, _Lines]) -> str:
    inner = " " * (indent + 4)
    written: list[str] = []
    for number, line in enumerate(_in_lines(about, lines)):
        room = WIDTH - (len(inner) if number else indent + len(subject) + 1)
        written += _packed([_part(predicate, about[predicate], room, inner) for predicate in line], room)
    return f"{' ' * indent}{subject} " + f" ;\n{inner}".join(written) + " ."


def _in_lines(about: Mapping[str, list[str]], lines: tuple[_Lines, _Lines]) -> Iterable[list[str]]:
    """The predicates of a statement as they share lines."""
    place: dict[str, tuple[int, int]] = {}
    for base, table in ((0, lines[0]), (len(lines[0]) + len(about), lines[1])):
        for number, line in enumerate(table):
            place |= {predicate: (base + number, i) for i, predicate in enumerate(line)}
    for number, predicate in enumerate(sorted(about.keys() - place.keys())):
        place[predicate] = (len(lines[0]) + number, 0)
    dated = [p for p in _BASIS_WITH if p in about]
    if dated and "kel:dateBasis" in place:
        place["kel:dateBasis"] = (max(place[p] for p in dated)[0], 1)
    found: dict[int, list[str]] = {}
    for predicate in sorted(about, key=place.__getitem__):
        found.setdefault(place[predicate][0], []).append(predicate)
    return found.values()


def _part(predicate: str, objects: Sequence[str], room: int, inner: str) -> str:
    """A predicate with its objects, which break into lines of their own where they are too long and no words."""
    one = f"{predicate} {' , '.join(objects)}"
    if len(one) <= room or len(objects) == 1 or objects[0].startswith('"'):
        return one
    rows = [f"{predicate} {objects[0]}"]
    for written in objects[1:]:
        if len(rows[-1]) + 3 + len(written) > room - 4:
            rows.append(written)
        else:
            rows[-1] += f" , {written}"
    return f" ,\n{inner}    ".join(rows)


def _packed(parts: Sequence[str], room: int) -> list[str]:
    rows = [parts[0]]
    for part in parts[1:]:
        long = len(rows[-1]) + 3 + len(part) + 2 > room and '"@' not in part
        if "\n" in rows[-1] + part or long:
            rows.append(part)
        else:
            rows[-1] += f" ; {part}"
    return rows
