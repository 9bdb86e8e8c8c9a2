"""What is said of the dataset as a whole: title, licence, publisher, description, prefixes (DCAT 3, section 6.7).

It is the dataset's own description where the data hold one, else that of a file which the operator gives, else nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

import pyoxigraph as ox

from kg.language.labels import FALLBACK_LANGUAGE, Label, preferred_label
from kg.publishing.triples import literal, triple
from kg.store.reader import Reader
from ontology import BASE, PREFIXES

NAME: Final = "Kelisim"
"""The short name of the project's own dataset, in all languages."""

DCAT: Final = PREFIXES["dcat"]
DCTERMS: Final = PREFIXES["dcterms"]
SH: Final = "http://www.w3.org/ns/shacl#"

RELATIVE: Final = "https://relative.invalid/"
"""What the relative IRIs of a description are relative to until the server's URL is known."""

_SERVED: Final = ox.NamedNode(RELATIVE)

FOAF: Final = PREFIXES["foaf"]
MODIFIED: Final = DCTERMS + "modified"
TITLE: Final = DCTERMS + "title"
CREATOR: Final = DCTERMS + "creator"
PUBLISHER: Final = DCTERMS + "publisher"
CONTACT: Final = DCAT + "contactPoint"
LICENSE: Final = DCTERMS + "license"

_VCARD: Final = "http://www.w3.org/2006/vcard/ns#"
_NAMES: Final = (
    FOAF + "name",
    PREFIXES["rdfs"] + "label",
    PREFIXES["skos"] + "prefLabel",
    _VCARD + "fn",
    TITLE,
    "https://schema.org/name",
    "http://schema.org/name",
)
"""The properties with the name of a publisher, a contact or a licence, in order of preference."""

_CREATIVE_COMMONS: Final = re.compile(
    r"https?://creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero))/([\d.]+)"
)
_MAX_TRIPLES: Final = 1_000

_POINTS_TO: Final = (PUBLISHER, CREATOR, CONTACT, LICENSE, DCTERMS + "temporal", DCTERMS + "provenance")
_OWN: Final = f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ BIND(<{BASE}> AS ?s) }} UNION {{ <{BASE}> {"|".join(map("<{}>".format, _POINTS_TO))} ?s }} ?s ?p ?o
}} LIMIT {_MAX_TRIPLES}"""


class Named(NamedTuple):
    """A licence, a publisher or a contact: its name, and its address (an IRI), empty if it has none."""

    name: Label
    address: str


@dataclass(frozen=True)
class About:
    """What is said of a dataset; without triples nothing is, and then no licence and no publisher are claimed.

    There are no blank nodes in it. subject: the dataset's IRI in the triples. fallback: the title where none is given.
    ours: whether it is the project's own dataset. prefixes: namespaces by prefix, which the description declares
    (SHACL, section 5.2.1).
    """

    triples: tuple[ox.Triple, ...] = ()
    subject: ox.NamedNode = _SERVED
    fallback: str = "Dataset"
    ours: bool = False
    prefixes: Mapping[str, str] = field(default_factory=dict)

    @property
    def given(self) -> bool:
        """Whether anything is said of it."""
        return bool(self.triples)

    def base(self, host: str) -> str:
        """The base of the IRIs of catalogue and service: the project's, or for other data the server's URL."""
        return BASE if self.ours else host

    def iri(self, host: str) -> str:
        """The dataset's IRI; the server's URL `host`, which ends in a slash, if its description gives none."""
        return _absolute(self.subject.value, host)

    def title(self, language: str) -> Label:
        """The title in the language, else in English, else in any; the fallback if there is none."""
        return self._text(self.subject, (TITLE,), language, self.fallback)

    def name(self, language: str) -> Label:
        """The name for the head and the titles of pages."""
        return Label(NAME) if self.ours else self.title(language)

    def description(self, language: str) -> Label:
        """The description; an empty label if there is none."""
        return self._text(self.subject, (DCTERMS + "description",), language)

    def keywords(self, language: str) -> list[str]:
        """The keywords in the language; if there are none, those in the language that the title has."""
        words = [t for t in self._values(self.subject, DCAT + "keyword") if isinstance(t, ox.Literal)]
        spoken = (language, self.title(language).language, FALLBACK_LANGUAGE, "")
        found = next((own for code in spoken if (own := [t for t in words if (t.language or "") == code])), words)
        return sorted(t.value for t in found)

    @cached_property
    def licences(self) -> list[str]:
        """The IRIs of the licences; a relative one begins with the path."""
        return [_absolute(term.value, "/") for term in self._licences()]

    def named_licences(self, language: str) -> list[Named]:
        """The licences with their names: as the description gives it, else by the address, else the address."""
        return [
            Named(self._text(term, _NAMES, language, licence_name(iri)), iri)
            for term, iri in zip(self._licences(), self.licences, strict=True)
        ]

    def publishers(self, language: str) -> list[Named]:
        """The publishers; each has a name, or an address for want of it."""
        return [self._agent(term, (FOAF + "homepage",), language) for term in self._about(PUBLISHER)]

    def contacts(self, language: str) -> list[Named]:
        """The contact points; an address of mail begins with ``mailto:``."""
        ways = (_VCARD + "hasEmail", _VCARD + "hasURL")
        return [self._agent(term, ways, language) for term in self._about(CONTACT)]

    def day(self, name: str) -> str:
        """The date of a property of Dublin Core (``issued``, ``modified``) as YYYY-MM-DD, or as it is written."""
        values = sorted(t.value for t in self._about(DCTERMS + name) if isinstance(t, ox.Literal))
        return re.sub(r"^(\d{4}-\d\d-\d\d)T.*", r"\1", values[-1]) if values else ""

    def changed(self, moment: str | None) -> Self:
        """The same of data that were changed last at that moment (xsd:dateTime), which then is when they were modified.

        Empty if the moment is not known; then the data's own date, which is that of a release, is left out. None if
        nothing was changed.
        """
        if moment is None or not (moment or self.ours) or not self.given:
            return self
        kept = tuple(t for t in self.triples if (t.subject, t.predicate.value) != (self.subject, MODIFIED))
        dated = (triple(self.subject.value, MODIFIED, literal(moment, "dateTime")),) if moment else ()
        return replace(self, triples=kept + dated)

    def with_agents_named(self) -> Self:
        """The same with a ``foaf:name`` (DCAT-AP 3.0, Agent) of publishers and creators that have another name."""
        agents = (t.object for t in self.triples if t.predicate.value in {PUBLISHER, CREATOR})
        bare = [a for a in dict.fromkeys(agents) if isinstance(a, ox.NamedNode) and not self._values(a, FOAF + "name")]
        named = ((agent, self._agent(agent, (FOAF + "homepage",), FALLBACK_LANGUAGE).name) for agent in bare)
        names = (triple(agent.value, FOAF + "name", _literal(name)) for agent, name in named if name.text)
        return replace(self, triples=(*self.triples, *names))

    def described_at(self, host: str) -> list[ox.Triple]:
        """The triples, where relative IRIs are below `host`."""
        return [ox.Triple(_at(t.subject, host), t.predicate, _at(t.object, host)) for t in self.triples]

    def schema_org(self, host: str, language: str) -> dict[str, Any]:
        """The dataset in schema.org's terms, as search engines read it; `host` is the server's URL."""
        found: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "Dataset",
            "@id": self.iri(host),
            "name": str(self.title(language)),
            "url": host,
            "description": str(self.description(language)),
            "license": self.licences,
            "keywords": self.keywords(language),
            "datePublished": self.day("issued"),
            "dateModified": self.day("modified"),
            "publisher": [_agent(each) for each in self.publishers(language)],
        }
        return {key: value for key, value in found.items() if value}

    def _licences(self) -> list[ox.NamedNode]:
        return [term for term in self._about(LICENSE) if isinstance(term, ox.NamedNode)]

    def _agent(self, term: Any, ways: Iterable[str], language: str) -> Named:
        own = [] if term.value.startswith(RELATIVE) else [term]
        found = [value for way in ways for value in self._values(term, way)] + own
        address = next((_address(value.value) for value in found), "")
        return Named(self._text(term, _NAMES, language, address.removeprefix("mailto:")), address)

    def _about(self, name: str) -> list[Any]:
        return sorted(self._values(self.subject, name), key=str)

    @cached_property
    def _by_property(self) -> dict[tuple[Any, str], list[Any]]:
        found: dict[tuple[Any, str], list[Any]] = {}
        for each in self.triples:
            found.setdefault((each.subject, each.predicate.value), []).append(each.object)
        return found

    def _values(self, subject: Any, name: str) -> list[Any]:
        return self._by_property.get((subject, name), [])

    def _text(self, subject: Any, names: Iterable[str], language: str, fallback: str = "") -> Label:
        for name in names:
            texts = [term for term in self._values(subject, name) if isinstance(term, ox.Literal)]
            if texts:
                return preferred_label(texts, language)
        return Label(fallback)


def about_of_data(reader: Reader, fallback: str) -> About:
    """The project's own description if the default graph holds it, a title of `BASE`; else one without triples."""
    triples = tuple(reader.triples(_OWN))
    subject = ox.NamedNode(BASE)
    if any(t.subject == subject and t.predicate.value == TITLE for t in triples):
        return About(triples, subject, fallback, ours=True)
    return About(fallback=fallback)


def _at(term: Any, host: str) -> Any:
    return ox.NamedNode(_absolute(term.value, host)) if isinstance(term, ox.NamedNode) else term


def _literal(label: Label) -> ox.Literal:
    return ox.Literal(label.text, language=label.language) if label.language else ox.Literal(label.text)


def _absolute(iri: str, host: str) -> str:
    return host + iri.removeprefix(RELATIVE) if iri.startswith(RELATIVE) else iri


def licence_name(iri: str) -> str:
    """The usual name of a Creative Commons licence, such as CC BY 4.0; other addresses are returned unchanged."""
    if not (match := _CREATIVE_COMMONS.match(iri)):
        return iri
    return f"CC0 {match[3]}" if match[2] else f"CC {match[1].upper()} {match[3]}"


def _address(value: str) -> str:
    """The address as an IRI: one of mail may be written without its scheme."""
    return f"mailto:{value}" if "@" in value and ":" not in value else value


def _agent(named: Named) -> dict[str, str]:
    found = {"@type": "Organization", "name": str(named.name), "url": named.address}
    return {key: value for key, value in found.items() if value}
