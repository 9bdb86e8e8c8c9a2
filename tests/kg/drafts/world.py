"""An invented world: two states with their people, offices and a claim or two, as curated files; and articles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

PREFIXES: Final = """
@prefix kel: <https://w3id.org/kelisim/ns#> .
@prefix id: <https://w3id.org/kelisim/id/> .
@prefix code: <https://w3id.org/kelisim/code/> .
@prefix claim: <https://w3id.org/kelisim/claim/> .
@prefix src: <https://w3id.org/kelisim/source/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix edtf: <http://id.loc.gov/datatypes/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

_ENTITIES: Final = """
id:velmaria a kel:State ; rdfs:label "Velmaria"@en , "Вельмария"@ru , "Велмария"@kk .
id:velmaria-territory a kel:Place ; rdfs:label "territory of Velmaria"@en .
id:ostrenia a kel:State ; rdfs:label "Ostrenia"@en , "Острения"@ru , "Остренияның"@kk .
id:tarn a kel:Place ; rdfs:label "Tarn"@en , "Тарн"@ru , "Тарн"@kk .
id:ilan-dorvath a foaf:Person ; rdfs:label "Ilan Dorvath"@en , "Илан Дорват"@ru , "Илан Дорват"@kk .
id:sela-zhornova a foaf:Person ; rdfs:label "Sela Zhornova"@en , "Села Жорнова"@ru , "Села Жорнова"@kk .
id:president-of-velmaria a kel:Office ; org:postIn id:velmaria ; org:role code:role-head-of-state ;
    rdfs:label "President of Velmaria"@en , "Президент Вельмарии"@ru .
id:energy-minister-of-velmaria a kel:Office ; org:postIn id:velmaria ; org:role code:role-minister ;
    rdfs:label "Minister of Energy of Velmaria"@en .
id:energy-minister-of-ostrenia a kel:Office ; org:postIn id:ostrenia ; org:role code:role-minister ;
    rdfs:label "Minister of Energy of Ostrenia"@en .
id:ona a org:Organization ; org:classification code:organisation-media ; rdfs:label "ONA"@en , "ОНА"@ru .
id:the-tarn-courier a org:Organization ; org:classification code:organisation-media ;
    rdfs:label "The Tarn Courier"@en .
id:river-academy a org:Organization ; rdfs:label "Velmaria River Academy"@en .
id:government-of-velmaria a org:Organization ; rdfs:label "Government of Velmaria"@en .
id:ammer-treaty a kel:Instrument ; rdfs:label "Treaty on the waters of the Ammer"@en .
id:amber-sea-summit-2031 a kel:Event ; rdfs:label "Amber Sea summit in Tarn, 2031"@en .
id:amber-sea-summit-2029 a kel:Event ; rdfs:label "Amber Sea summit in Tarn, 2029"@en .
id:topic-fishing a skos:Concept ; rdfs:label "fishing"@en .
"""

_CLAIMS: Final = """
# Paragraph 1

claim:old29-p1-1 {
    id:tenure-dorvath-president-of-velmaria a kel:Tenure ;
        rdfs:label "Dorvath as president of Velmaria"@en , "Дорват — Президент Вельмарии"@ru , "Дорват"@kk ;
        kel:holder id:ilan-dorvath ; kel:office id:president-of-velmaria ;
        kel:attestedOn "2029-05-04"^^xsd:date .
}
claim:old29-p1-1 a kel:Claim ;
    kel:passage src:old29-p1-s1 ; kel:speaker id:ona ; kel:modality code:asserted ;
    kel:gloss "Ilan Dorvath is the President of Velmaria."@en .

claim:old29-p1-2 {
    id:obs-trade-2028 a kel:TradeObservation ; rdfs:label "Trade of Velmaria and Ostrenia, 2028"@en ;
        kel:measure code:measure-trade-turnover ; kel:refArea id:velmaria ; kel:counterpartArea id:ostrenia ;
        kel:value 3400000000 ; kel:unit unit:CCY_USD ;
        kel:bound code:bound-exact ; kel:asWritten "3.4 billion dollars" .
}
claim:old29-p1-2 a kel:Claim ;
    kel:passage src:old29-p1-s2 ; kel:speaker id:ona ; kel:modality code:asserted ;
    kel:gloss "Trade between Velmaria and Ostrenia was 3.4 billion dollars in 2028."@en .
"""

FILES: Final = {
    "entities/all.ttl": PREFIXES + _ENTITIES,
    "entities/organisations.ttl": PREFIXES,
    "sources.ttl": PREFIXES,
    "omissions.ttl": PREFIXES,
    "claims/old29.trig": PREFIXES + _CLAIMS,
}
"""Curated files, by path below the folder of the data."""

NEWS: Final = """Home

Velmaria approves treaty on the Ammer

TARN, September 9 (ONA) — The parliament of Velmaria on Tuesday approved the treaty on the waters of the Ammer with \
Ostrenia. President Ilan Dorvath of Velmaria will travel to the Amber Sea summit in Tarn on October 4.

Trade between the two countries was over 3.4 billion dollars last year. "We fish more than before," the Velmarian \
energy minister, Sela Zhornova, said. She was elected in 2028, together with Marek Tolvan.

Velmaria approves treaty on the Ammer
"""
"""A piece of news of ONA, of the 9th of September 2031, a Tuesday."""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes files into a folder and returns it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
