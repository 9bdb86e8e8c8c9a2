"""What the rows of an answer rest on, in words: the claims, who says them, and a sentence to paste.

Works on the JSON of `kg.citations.answers`.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import pyoxigraph as ox

from kg.citations.answers import term_of
from kg.engine.engine import Answer
from kg.language.messages import Translate
from ontology.namespaces import BASE, CODE, KEL, PREFIXES, RDF_TYPE, shorten

SHOWN: Final = 3
"""How many claims a sentence names."""

_COLUMNS: Final = ("cited_claims", "cited_certainty", "cited_sources", "cited_complete", "citation")
_INTEGER: Final = "http://www.w3.org/2001/XMLSchema#integer"
_BOOLEAN: Final = "http://www.w3.org/2001/XMLSchema#boolean"
_IRI: Final = re.compile(r"<([^<>\s]+)>")
_DERIVED: Final = ox.NamedNode(PREFIXES["prov"] + "wasDerivedFrom")


class CitedAnswer:
    """An answer with citations, and their words in a language.

    `document` is the answer in JSON, completed: each row of citations has ``citation``, a sentence.
    """

    def __init__(self, body: bytes, translate: Translate) -> None:
        self.document: dict[str, Any] = msgspec.json.decode(body)
        self._translate = translate
        cited = self.document["citations"]
        self.claims: list[dict[str, Any]] = cited["claims"]
        self.rows: list[dict[str, Any]] = cited["rows"]
        self._certainties: Mapping[str, str] = cited["certainties"]
        for row in self.rows:
            row["citation"] = self._sentence(row)

    @property
    def is_graph(self) -> bool:
        """Whether the answer is a graph."""
        return "triples" in self.document

    def certainty(self, row: Mapping[str, Any]) -> str:
        """The certainty of a row in words; empty if it needs no claim."""
        return self._certainties.get(row["certainty"], "") or str(row["certainty"])

    def _sentence(self, row: Mapping[str, Any]) -> str:
        """What a row rests on, in a sentence or two."""
        say = self._translate
        nothing = row.get("members") == [] and row["sets"]
        parts = [] if nothing else [self._supported(row)]
        if row["sources"] > 1:
            parts.append(say("Independent sources: %(number)s.") % {"number": row["sources"]})
        parts += [
            say("It rests on nothing being told of %(pattern)s.")
            % {"pattern": _IRI.sub(lambda m: shorten(m[1]), a["pattern"])}
            for a in [a for a in row.get("absent", ()) if a["kind"] != "optional"][:SHOWN]
        ]
        if not row["complete"]:
            parts.append(say("It may rest on more than is told here."))
        return " ".join(parts)

    def _supported(self, row: Mapping[str, Any]) -> str:
        say, sets = self._translate, row["sets"]
        if not sets:
            return say("What this rests on could not be found out.")
        if not sets[0]:
            return say("This rests on reference data, not on a claim.")
        if "members" in row:
            told = {"rows": row["of"], "claims": len(row["claims"]), "certainty": self.certainty(row)}
            text = (
                say("Worked out from %(rows)s rows that rest on %(claims)s claims, the weakest: %(certainty)s.") % told
            )
            chosen: Sequence[int] = row["claims"]
        else:
            text, chosen = "", sets[0]
        named = [self.claim_in_words(self.claims[n]) for n in chosen[:SHOWN]]
        left = len(chosen) - SHOWN
        more = [say("and %(number)s more claims") % {"number": left}] if left > 0 else []
        return " ".join(filter(None, (text, "; ".join((*named, *more)) + ".")))

    def claim_in_words(self, claim: Mapping[str, Any]) -> str:
        """A claim with who says it, how surely, and where."""
        where = claim.get("articleLabel", "")
        if "paragraph" in claim:
            where += ", " + self._translate("paragraph %(number)s") % {"number": claim["paragraph"]}
        who = ", ".join(filter(None, (claim.get("speakerLabel"), claim.get("modalityLabel"))))
        told = "; ".join(filter(None, (who, where, claim["claim"])))
        return f"{claim['gloss'].rstrip('.')} ({told})" if "gloss" in claim else str(claim["claim"])

    def json(self) -> bytes:
        """The answer as SPARQL results in JSON, with the citations as a member."""
        return msgspec.json.encode(self.document)

    def result(self) -> Answer:
        """The answer with the citations as columns, for formats without other places for them."""
        document = self.document
        if "boolean" in document:
            found = {"head": {}, "boolean": document["boolean"]}
            return _answer(found)
        names = [*document["head"]["vars"]]
        columns = [_unused(c, names) for c in _COLUMNS]
        rows = []
        for binding, row in zip(document["results"]["bindings"], self.rows, strict=True):
            claims = " ".join(self.claims[n]["claim"] for n in row["claims"])
            told = (
                {"type": "literal", "value": claims},
                {"type": "literal", "value": row["certainty"]},
                {"type": "literal", "value": str(row["sources"]), "datatype": _INTEGER},
                {"type": "literal", "value": "true" if row["complete"] else "false", "datatype": _BOOLEAN},
                {"type": "literal", "value": row["citation"]},
            )
            rows.append(binding | dict(zip(columns, told, strict=True)))
        return _answer({"head": {"vars": [*names, *columns]}, "results": {"bindings": rows}})

    def plain(self) -> Answer:
        """The answer without citations."""
        return _answer({n: v for n, v in self.document.items() if n != "citations"})

    def triples(self) -> list[ox.Triple]:
        """The triples of a graph."""
        return [ox.Triple(*map(term_of, t)) for t in self.document["triples"]]  # type: ignore[arg-type]

    def dataset(self) -> Iterator[ox.Quad]:
        """A graph as a dataset: each triple in a named graph for each set of claims that it follows from.

        A claim that holds the triple itself is that graph; for another set it is one of its own, of which the default
        graph says from which claims it was derived. What needs no claim, and the records of the claims, are in the
        default graph.
        """
        used = set[int]()
        for triple, row in zip(self.triples(), self.rows, strict=True):
            stated = {*row.get("stated", ())}
            for numbers in row["sets"]:
                used.update(numbers)
                if not numbers:
                    yield _in(triple)
                elif len(numbers) == 1 and numbers[0] in stated:
                    yield _in(triple, ox.NamedNode(self.claims[numbers[0]]["claim"]))
                else:
                    names = sorted(self.claims[n]["claim"] for n in numbers)
                    graph = ox.NamedNode(f"{BASE}citation/{hashlib.sha256(' '.join(names).encode()).hexdigest()[:32]}")
                    yield _in(triple, graph)
                    yield from (ox.Quad(graph, _DERIVED, ox.NamedNode(n)) for n in names)
            if not row["sets"]:
                yield _in(triple)
        for number in sorted(used):
            yield from self._record(self.claims[number])

    def _record(self, claim: Mapping[str, Any]) -> Iterator[ox.Quad]:
        if "modality" not in claim:
            return
        subject = ox.NamedNode(claim["claim"])
        yield ox.Quad(subject, ox.NamedNode(RDF_TYPE), ox.NamedNode(str(KEL.Claim)))
        yield ox.Quad(subject, ox.NamedNode(str(KEL.modality)), ox.NamedNode(str(CODE[claim["modality"]])))
        for name in ("speaker", "passage"):
            if name in claim:
                yield ox.Quad(subject, ox.NamedNode(str(KEL[name])), ox.NamedNode(claim[name]))
        if "passage" in claim and "article" in claim:
            passage = ox.NamedNode(claim["passage"])
            yield ox.Quad(passage, ox.NamedNode(str(KEL.article)), ox.NamedNode(claim["article"]))
            if "paragraph" in claim:
                yield ox.Quad(passage, ox.NamedNode(str(KEL.paragraph)), ox.Literal(claim["paragraph"]))
        if "gloss" in claim:
            yield ox.Quad(subject, ox.NamedNode(str(KEL.gloss)), ox.Literal(claim["gloss"]))


def _in(triple: ox.Triple, graph: ox.NamedNode | None = None) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def _answer(document: Mapping[str, Any]) -> Answer:
    result = ox.parse_query_results(msgspec.json.encode(document), format=ox.QueryResultsFormat.JSON)
    assert not isinstance(result, ox.QueryTriples)
    return Answer(result)


def _unused(name: str, names: Sequence[str]) -> str:
    while name in names:
        name += "_"
    return name
