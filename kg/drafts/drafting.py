"""Writes the draft of an article: its claims to fill in, its record, its passages, and omissions, all with marks."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kg.checks.collection import Collection
from kg.checks.findings import did_you_mean
from kg.curation.curated import SHIPPED_FILES, parse
from kg.curation.layout import LANGUAGES, Names, render_claim
from kg.curation.marks import MARK, open_marks
from kg.curation.passages import Passage, render
from kg.curation.writing import ClaimsFile, ThingsFile
from kg.drafts.article import Record, find_text, new_publisher, record, title_of
from kg.drafts.proposing import Proposer, Sentence
from kg.drafts.spelling import Spellings
from kg.drafts.stubs import Stub, Stubs
from kg.drafts.unknown import slug
from kg.drafts.when import Told
from ontology import KelisimError
from ontology.namespaces import ID, PREFIXES, SRC, shorten

_SHORT: Final = 90
"""A paragraph of fewer characters in which nothing is recognised may hold no fact."""
_HEADS: Final = {
    "sources.ttl": "# The articles that claims are drawn from. Their texts are not in the project; their hashes are.\n",
    "omissions.ttl": "# Paragraphs from which nothing was curated, and why.\n",
    "entities/organisations.ttl": "# Reference data: organisations. What the articles say of them is in ../claims.\n",
}


@dataclass(frozen=True)
class Draft:
    """The draft of an article: its proposals, and the texts of the files that it writes, by path below the data."""

    record: Record
    sentences: tuple[Sentence, ...]
    files: dict[str, str]

    @property
    def marks(self) -> int:
        """How many marks are open in it."""
        return sum(len(open_marks(text)) for text in self.files.values())

    @property
    def unknown(self) -> dict[str, int]:
        """The names that no thing of the graph has, with in how many sentences they stand, the most frequent first."""
        return dict(Counter(name for sentence in self.sentences for name in sentence.unknown).most_common())

    def as_json(self) -> dict[str, object]:
        """The draft as JSON values: what is proposed, and which files it writes."""
        appeared = self.record.appeared
        return {
            "article": self.record.name,
            "language": self.record.language,
            "publisher": shorten(self.record.publisher) if self.record.publisher else "",
            "appeared": [str(appeared.first), str(appeared.last)],
            "files": sorted(self.files),
            "marks": self.marks,
            "sentences": [s.as_json() for s in self.sentences],
        }


def draft(  # noqa: PLR0913 - the last two are told by name
    collection: Collection,
    texts: dict[str, str],
    name: str,
    folder: Path,
    publisher: str = "",
    *,
    prefix: str = "",
) -> Draft:
    """The draft of an article from its text in a folder, over the curated files given by path.

    `publisher` is the IRI of its publisher, which is looked for in the text if empty. `prefix` is what names of new
    things begin with, as in a package. Raises KelisimError if the article has claims already, its text is not found or
    blank, or the publisher is not declared.
    """
    path = f"claims/{name}.trig"
    if path in texts:
        raise KelisimError(
            f"{path} is there already, and a draft overwrites nothing. Go on in it, or move it away to begin anew."
        )
    if publisher and publisher not in collection.names:
        local = shorten(publisher)
        mend = did_you_mean(local, map(shorten, collection.names), "Declare it in entities/organisations.ttl first.")
        raise KelisimError(f"No publisher is called {local}. {mend}")
    spellings = Spellings(collection)
    text = find_text(collection, name, folder)
    if not text.paragraphs:
        raise KelisimError(f"{text.path} is blank: put the text of the article into it.")
    found = record(collection, name, text, spellings, publisher, prefix=prefix)
    labels = {} if found.publisher else _told_publisher(found)
    files: dict[str, str] = {}
    if not found.publisher:
        iri = f"{ID}{prefix}{slug(new_publisher(text)) if labels else f'publisher-of-{name}'}"
        found = replace(found, publisher=iri)
        _put(texts, files, "entities/organisations.ttl", iri, _medium(iri, labels, _curation(collection, prefix)))
    labels = labels or _labels(collection, found.publisher)
    if not found.known:
        _put(texts, files, "sources.ttl", str(SRC) + name, _source(labels, found))
    proposer = Proposer(collection, found, spellings)
    sentences = tuple(proposer.sentences())
    left_out = {*_left_out(sentences)}
    stubs = Stubs(collection, found, proposer.precedents)
    written = [(s, [*stubs.of(s)]) for s in sentences if s.paragraph not in left_out]
    files[path] = _claims(labels, found, written)
    for number, why in sorted(_left_out(sentences).items()):
        iri = f"{SRC}{name}-p{number}-omission"
        _put({**texts, **files}, files, "omissions.ttl", iri, _omission(iri, found, number, why))
    used = [Passage.parse(c.value("passage")) for c in ClaimsFile(path, files[path]).claims.values()]
    if used and f"passages/{name}.ttl" not in texts:
        files[f"passages/{name}.ttl"] = render(used, found.text)
    return Draft(found, sentences, files)


def _put(texts: dict[str, str], files: dict[str, str], path: str, iri: str, text: str) -> None:
    """Adds a thing, written as Turtle with our prefixes, to a file unless it is there."""
    file = ThingsFile.read(files.get(path) or texts.get(path) or _HEADS[path], path)
    if iri not in file.things:
        head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
        files[path] = file.add(iri, [q.triple for q in parse(head + text, path)]).text


def _left_out(sentences: Sequence[Sentence]) -> dict[int, str]:
    """The paragraphs that may hold no fact, with the reason: they repeat another, or nothing in them was recognised."""
    paragraphs: dict[int, list[Sentence]] = {}
    for sentence in sentences:
        paragraphs.setdefault(sentence.paragraph, []).append(sentence)
    seen: dict[str, int] = {}
    found = {}
    for number, parts in paragraphs.items():
        text = " ".join(s.text for s in parts)
        if text in seen:
            found[number] = f"Paragraph {seen[text]} once more, word for word."
        elif all(s.empty for s in parts) and len(text) < _SHORT:
            found[number] = "Nothing in it was recognised: site furniture, or a heading that states no fact?"
        seen.setdefault(text, number)
    return found


def _claims(told: dict[str, str], found: Record, written: Sequence[tuple[Sentence, list[Stub]]]) -> str:
    """The file of claims: its head, and below the comment of each paragraph the stubs of its sentences."""
    labels = title_of(found, told)
    head = ClaimsFile.new(found.name, labels["en"])
    names = Names(head.prefixes)
    parts: list[str] = []
    paragraph = 0
    for sentence, stubs in written:
        if sentence.paragraph != paragraph:
            paragraph = sentence.paragraph
            parts.append(f"# Paragraph {paragraph}")
        if not stubs:
            parts.append(f"# {MARK} {_summary(sentence)}")
        for i, stub in enumerate(stubs):
            remarks = (*((_summary(sentence),) if not i else ()), *stub.remarks)
            comments = "\n".join(f"# {MARK} {remark}" for remark in remarks)
            parts.append(f"{comments}\n{render_claim(stub.claim, names)}")
    head = head.with_prefixes(names.used)
    return "\n".join((head.text, "\n\n".join(parts), "")) if parts else head.text


def _summary(sentence: Sentence) -> str:
    """What was recognised in a sentence, in one line."""
    told = [f"p{sentence.paragraph}-s{sentence.number}:"]
    if sentence.mentions:
        told.append(", ".join(shorten(m.iri) + ("?" if m.how == "again" else "") for m in sentence.mentions) + ";")
    told += [f"date {d.edtf} {_how(d)};" for d in sentence.dates]
    if sentence.unknown:
        told.append(f"not known: {', '.join(sentence.unknown)};")
    if len(told) == 1:
        told.append("no thing is recognised, read it.")
    return " ".join(told).rstrip(";")


def _how(told: Told) -> str:
    return ("stated" if told.stated else "inferred") + ", planned" * told.ahead


def _labels(collection: Collection, iri: str) -> dict[str, str]:
    return {language: names[0] for language, names in collection.names.get(iri, {}).items() if names}


def _three(predicate: str, texts: dict[str, str]) -> str:
    return f"{predicate} " + " , ".join(f"{_quoted(texts.get(language, MARK))}@{language}" for language in LANGUAGES)


def _quoted(text: str) -> str:
    """A literal; the escapes of JSON are escapes of Turtle too (RDF 1.1 Turtle, section 6.4)."""
    return json.dumps(text, ensure_ascii=False)


def _told_publisher(found: Record) -> dict[str, str]:
    """The name that a publisher whom the graph does not know has in the text, by its language; to be judged."""
    told = new_publisher(found.text)
    return {found.language: f"{MARK} {told}"} if told else {}


def _curation(collection: Collection, prefix: str) -> str:
    """The source that the names of the folder's own things have, its own curation."""
    source = PREFIXES["dcterms"] + "source"
    own = (s for s in collection.reference if s.predicate == source and not s.file.startswith(SHIPPED_FILES))
    told = Counter(s.value for s in own if s.value.endswith("curation"))
    return shorten(told.most_common(1)[0][0]) if told else f"src:{prefix or 'kelisim-'}curation"


def _medium(iri: str, labels: dict[str, str], source: str) -> str:
    """The stub of a publisher that the graph does not know."""
    return (
        f"<{iri}> a org:Organization ; org:classification code:organisation-media ; "
        f"{_three('rdfs:label', labels)} ; dcterms:source {source} ."
    )


def _source(told: dict[str, str], found: Record) -> str:
    first, last = found.appeared.first, found.appeared.last
    edtf = str(first) if first == last else f"[{first}..{last}]"
    labels = title_of(found, told)
    note = _quoted(f"{MARK} Publisher and days are guessed: these from {found.why}.")
    return (
        f"src:{found.name} a kel:Article ; {_three('rdfs:label', labels)} ; dcterms:publisher <{found.publisher}> ; "
        f'dcterms:language "{found.language}" ; kel:sha256 "{found.text.sha256}" ; '
        f'kel:earliest "{first}"^^xsd:date ; kel:latest "{last}"^^xsd:date ; kel:edtf "{edtf}"^^edtf:edtf ; '
        f"kel:dateBasis code:date-inferred ; kel:note {note}@en ."
    )


def _omission(iri: str, found: Record, number: int, why: str) -> str:
    about = f"a kel:Omission ; kel:article src:{found.name} ; kel:paragraph {number}"
    return f"<{iri}> {about} ; kel:note {_quoted(f'{MARK} {why}')}@en ."
