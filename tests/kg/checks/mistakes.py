# ruff: noqa: E501 - a table with a mistake a row
"""Deliberate mistakes, each of a kind that curators make, in the claims and entities of the two articles.

Each edits the block of one claim (its graph and its record) or a file of reference data, and names the line that has to
be told, by a part of it as it is after the edit, and the rule that tells it.
"""

import re
from dataclasses import dataclass
from typing import Final

COPIED: Final = "{words of the passage}"
"""Stands in `Mistake.new` for words of the passage of the claim, which are read from the article."""


@dataclass(frozen=True)
class Mistake:
    """A kind of mistake.

    where: the claim, or the path of a file. old: what is replaced, once, a text or a pattern; empty: `new` is added at the
    end of the file. line: a part of the line to be told. rule: which check tells it. alone: it is made by itself.
    place: the file of that line, if it is another.
    """

    kind: str
    where: str
    old: "str | re.Pattern[str]"
    new: str
    line: str
    rule: str
    alone: bool = False
    place: str = ""

    @property
    def file(self) -> str:
        """The path of the file that it edits."""
        return self.where if "/" in self.where or "." in self.where else f"claims/{self.where.partition('-')[0]}.trig"

    def block(self, text: str) -> tuple[int, int]:
        """Where what it edits begins and ends in the text of the file."""
        if self.file == self.where:
            return 0, len(text)
        start = text.index(f"claim:{self.where} {{")
        end = re.compile(r"^(?:# Paragraph|# Withdrawn|claim:[\w-]+ \{)", re.MULTILINE).search(text, start + 10)
        return start, end.start() if end else len(text)

    def applied(self, text: str) -> str:
        """The file's text with the mistake."""
        if not self.old:
            return text + self.new
        start, end = self.block(text)
        block = text[start:end]
        if isinstance(self.old, re.Pattern):
            changed, count = self.old.subn(self.new, block, count=1)
            assert count, f"{self.kind}: no {self.old.pattern} in {self.where}"
        else:
            assert self.old in block, f"{self.kind}: no {self.old} in {self.where}"
            changed = block.replace(self.old, self.new, 1)
        assert changed != block
        return text[:start] + changed + text[end:]

    def expected_line(self, text: str) -> int:
        """The number of the line that has to be told, in the text with the mistake."""
        start = 0
        if not self.place and self.file != self.where and f"claim:{self.where} {{" in text:
            start, _ = self.block(text)
        return text.count("\n", 0, text.index(self.line, start)) + 1


def _gloss(language: str) -> re.Pattern[str]:
    """The gloss of the record in a language."""
    return re.compile(rf'(a kel:Claim(?:.|\n)*?kel:gloss(?:.|\n)*?)"[^"]*"@{language}')


def _without(predicate: str) -> re.Pattern[str]:
    """A property with its value, up to the next."""
    return re.compile(rf"kel:{predicate} [^;]* ; ?")


_ENTITY = ' ;\n    rdfs:label "{0}"@en , "{1}"@ru , "{2}"@kk ;\n    dcterms:source src:kelisim-curation .\n'

MISTAKES: Final = (
    # ── vocabularies ──
    Mistake("property of the record misspelt", "mp23-p24-1", "kel:speaker", "kel:speker", "kel:speker", "unknown-property"),
    Mistake("property of a fact misspelt", "mp23-p24-2", "kel:periodEnd ", "kel:periodEnds ", "kel:periodEnds", "unknown-property"),
    Mistake("class misspelt", "mp23-p25-1", "kel:TradeObservation", "kel:TradeObservaton", "kel:TradeObservaton", "unknown-class"),
    Mistake("code misspelt", "mp23-p32-7", "code:bound-about", "code:bound-abuot", "code:bound-abuot", "unknown-code"),
    Mistake("code made up", "mp23-p4-2", "code:statement-observation", "code:statement-poem", "statement-poem", "unknown-code"),
    Mistake("modality misspelt", "mp23-p26-1", "code:asserted", "code:assertd", "code:assertd", "unknown-code"),
    Mistake("code of another list", "mp23-p11-1", "code:status-held", "code:stage-signed", "code:stage-signed", "shape:Event-status"),
    Mistake("unit misspelt", "mp23-p24-3", "unit:PERCENT", "unit:PERCNET", "unit:PERCNET", "unknown-unit"),
    Mistake("thing misspelt where it is named", "mp23-p10-5", "id:kazakhstan", "id:kazakstan", "id:kazakstan", "undeclared-thing"),
    Mistake("thing misspelt of which is told", "mp23-p11-3", "id:macron-tokayev-m", "id:macron-tokaev-m", "tokaev-m", "undeclared-thing"),
    Mistake("speaker misspelt", "izv24-p29-1", "id:nikita-shatalov", "id:nikita-shatalow", "shatalow", "undeclared-thing"),
    Mistake("thing declared in the claim alone", "mp23-p10-3", "id:macron-visit-kazakhstan-2023", "id:macron-in-kazakhstan-2023", "id:macron-in", "undeclared-thing"),
    Mistake("prefix not declared", "mp23-p26-1", "org:memberOf", "orga:memberOf", "orga:memberOf", "undeclared-prefix", alone=True),
    Mistake("text for a thing", "mp23-p5-9", "kel:destination id:uzbekistan", 'kel:destination "Uzbekistan"', '"Uzbekistan" ;', "text-for-a-thing"),
    Mistake("datatype misspelt", "mp23-p39-8", '"2013-11-09"^^xsd:date', '"2013-11-09"^^xsd:dat', "xsd:dat ", "unknown-datatype"),
    Mistake("class that excludes another", "mp23-p10-7", "id:france a kel:State", "id:france a kel:Place", "id:france a kel:Place", "disjoint-classes"),
    Mistake("property of entities misspelt", "entities/states.ttl", "kel:isoAlpha2 \"FR\"", "kel:isoAlfa2 \"FR\"", "isoAlfa2", "unknown-property"),
    # ── syntax ──
    Mistake("full stop missing", "mp23-p2-2", "id:astana .", "id:astana", "id:astana a kel:Place", "syntax", alone=True),
    Mistake("blank node", "mp23-p26-1", "org:memberOf id:cis", "org:memberOf []", "org:memberOf []", "syntax", alone=True),
    Mistake("claim opened twice", "mp23-p2-3", "claim:mp23-p2-3 {", "claim:mp23-p2-2 {", "claim:mp23-p2-2 {\n    id:airfield", "syntax", alone=True),
    Mistake("record for another claim", "mp23-p2-9", "claim:mp23-p2-9 {", "claim:mp23-p2-90 {", "claim:mp23-p2-9 a", "syntax", alone=True),
    # ── the record ──
    Mistake("gloss in Kazakh missing", "mp23-p2-7", re.compile(r' , "[^"]*"@kk'), "", "kel:gloss", "shape:Claim-gloss"),
    Mistake("gloss marked with a wrong language", "mp23-p2-8", "@kk", "@kz", "kel:gloss", "shape:Claim-gloss"),
    Mistake("speaker missing", "mp23-p2-10", "kel:speaker id:the-moscow-post ; ", "", "claim:mp23-p2-10 a", "shape:Claim-speaker"),
    Mistake("two speakers", "mp23-p2-11", "id:the-moscow-post", "id:the-moscow-post , id:vladimir-putin", "kel:speaker", "shape:Claim-speaker"),
    Mistake("modality missing", "mp23-p2-13", re.compile(r" kel:modality [^;]* ;"), "", "claim:mp23-p2-13 a", "shape:Claim-modality"),
    Mistake("two passages", "mp23-p2-14", "src:mp23-p2-s2", "src:mp23-p2-s2 , src:mp23-p2-s1", "kel:passage", "shape:Claim-passage"),
    Mistake("implied without a note", "mp23-p2-18", re.compile(r" ;\s*kel:note [^;]* \."), " .", "claim:mp23-p2-18 a", "shape:ImpliedClaim-note"),
    Mistake("doubt without a reason", "mp23-p32-2", re.compile(r'kel:confidenceReason "[^"]*"@en , "[^"]*"@ru , "[^"]*"@kk ;\s*'), "", "claim:mp23-p32-2 a", "shape:DoubtfulClaim-reason"),
    Mistake("label in Kazakh missing", "mp23-p4-3", re.compile(r' , "[^"]*"@kk'), "", "rdfs:label", "shape:Labelled-kk"),
    Mistake("graph without a record", "mp23-p5-14", re.compile(r"\nclaim:mp23-p5-14 a (?:.|\n)*"), "\n\n", "claim:mp23-p5-14 {", "no-record"),
    Mistake("graph without a fact", "mp23-p16-4", re.compile(r"\{\n[^}]*\}"), "{\n}", "claim:mp23-p16-4 {", "syntax", alone=True),
    # ── texts ──
    Mistake("Russian in place of Kazakh", "mp23-p2-16", _gloss("kk"), r'\1"План действий двух стран рассчитан на 2024–2026 годы включительно."@kk', "kel:gloss", "language"),
    Mistake("English in place of Russian", "mp23-p2-19", _gloss("ru"), r'\1"Kazakhstan and Russia are the parties of the plan."@ru', "kel:gloss", "language"),
    Mistake("gloss that begins with a pronoun", "mp23-p11-2", '"Emmanuel Macron and', '"He and', "kel:gloss", "gloss-alone"),
    Mistake("gloss of another claim", "mp23-p5-15", _gloss("en"), r'\1"Oil from Russia goes to China across Kazakhstan."@en', "kel:gloss", "gloss-twice"),
    Mistake("words of the article", "mp23-p22-8", _gloss("en"), rf'\1"{COPIED}."@en', "kel:gloss", "own-words"),
    Mistake("label of an entity in a wrong script", "entities/people.ttl", '"Emmanuel Macron"@en', '"Эмманюэль Макрон"@en', '"Эмманюэль Макрон"@en', "language"),
    # ── numbers of claims, passages ──
    Mistake("gap in the numbers", "mp23-p33-8", re.compile(r"p33-8((?:.|\n)*)p33-8"), r"p33-9\1p33-9", "claim:mp23-p33-9 {", "numbering"),
    Mistake("heading missing", "claims/mp23.trig", "# Paragraph 26\n", "", "claim:mp23-p26-1 {", "heading"),
    Mistake("heading of another paragraph", "claims/izv24.trig", "# Paragraph 36\n", "# Paragraph 63\n", "claim:izv24-p36-1 {", "heading"),
    Mistake("paragraph out of order", "claims/mp23.trig", "# Paragraph 40", "# Paragraph 1\n\nclaim:mp23-p1-1 {\n    id:kazakhstan a kel:State .\n}\n\n# Paragraph 40", "claim:mp23-p1-1 {", "order"),
    Mistake("sentence that is not there", "mp23-p24-4", "src:mp23-p24-s3", "src:mp23-p24-s9", "src:mp23-p24-s9", "passage"),
    Mistake("sentences the wrong way round", "mp23-p35-2", re.compile(r"src:mp23-p35-s[\d-]+"), "src:mp23-p35-s3-2", "s3-2", "passage"),
    Mistake("passage of another paragraph", "mp23-p23-2", re.compile(r"src:mp23-p23-s1"), "src:mp23-p22-s1", "src:mp23-p22-s1", "claim-name"),
    Mistake("wrong sentence of a figure", "mp23-p32-8", "src:mp23-p32-s2", "src:mp23-p32-s3", "kel:asWritten", "figure-in-passage"),
    Mistake("wrong sentence of names", "mp23-p27-4", "src:mp23-p27-s2", "src:mp23-p27-s1", "src:mp23-p27-s1", "wrong-sentence"),
    Mistake("wrong sentence of an event", "mp23-p14-2", "src:mp23-p14-s2", "src:mp23-p14-s4", "src:mp23-p14-s4", "wrong-sentence"),
    Mistake("record of a passage out of date", "passages/izv24.ttl", re.compile(r"oa:start \d+"), "oa:start 7", "src:izv24-p6-s1 a", "passage-record"),
    Mistake("paragraph without claim or reason", "omissions.ttl", re.compile(r"src:mp23-p8-omission .*\n"), "", "claim:mp23-p9-1 {", "coverage", place="claims/mp23.trig"),
    Mistake("reason though there are claims", "omissions.ttl", "", '\nsrc:mp23-p9-omission a kel:Omission ; kel:article src:mp23 ; kel:paragraph 9 ; kel:note "None."@en .\n', "src:mp23-p9-omission", "coverage"),
    # ── figures ──
    Mistake("scale off by a thousand", "mp23-p25-2", "kel:value 42000 ", "kel:value 42000000 ", "kel:value", "value-as-written"),
    Mistake("digits swapped", "izv24-p32-5", "20600000000", "26000000000", "26000000000", "value-as-written"),
    Mistake("per cent as a fraction", "mp23-p24-2", "kel:value 10 ", "kel:value 0.1 ", "kel:value 0.1", "value-as-written"),
    Mistake("another number of documents", "izv24-p20-2", "kel:documentCount 20", "kel:documentCount 12", "kel:documentCount", "value-as-written"),
    Mistake("number word misread", "mp23-p28-8", "kel:value 5 ", "kel:value 6 ", "kel:value 6", "value-as-written"),
    Mistake("unit missing", "mp23-p15-1", "kel:unit unit:NUM ; ", "", "id:obs-foreign-funded-organisations-kazakhstan a", "shape:Observation-unit"),
    Mistake("another currency", "mp23-p22-10", "unit:CCY_USD", "unit:CCY_EUR", "unit:CCY_EUR", "unit-as-written"),
    Mistake("count in place of per cent", "mp23-p32-12", "unit:PERCENT", "unit:NUM", "unit:NUM", "unit-as-written"),
    Mistake("money that is a count", "izv24-p32-9", "unit:NUM", "unit:CCY_USD", "unit:CCY_USD", "unit-as-written"),
    Mistake("printed figure that is not printed", "mp23-p15-2", '"53"', '"fifty-three"', '"fifty-three"', "figure-in-passage"),
    Mistake("printed figure missing", "mp23-p15-3", re.compile(r" ; kel:asWritten \"30\""), "", "id:obs-foreign-funded-state", "shape:Observation-written"),
    Mistake("hedge inside the printed figure", "mp23-p31-1", '"60 thousand"', '"more than 60 thousand"', "kel:asWritten", "hedge-in-figure"),
    Mistake("bound missing", "mp23-p15-4", "kel:bound code:bound-exact ; ", "", "id:obs-foreign-funded-npos", "shape:Observation-bound"),
    Mistake("hedge lost", "izv24-p21-6", "code:bound-up-to", "code:bound-exact", "code:bound-exact", "bound-word"),
    Mistake("hedge taken for another", "mp23-p25-1", "code:bound-over", "code:bound-up-to", "code:bound-up-to", "bound-word"),
    Mistake("hedge made up", "mp23-p24-1", "code:bound-exact", "code:bound-over", "code:bound-over", "bound-word"),
    Mistake("share wrong", "mp23-p15-5", "kel:share 0.6667", "kel:share 0.75", "kel:share 0.75", "share"),
    Mistake("share missing", "mp23-p32-7", "kel:share 0.19 ; ", "", "kel:measure", "share"),
    Mistake("part and whole swapped", "izv24-p32-8", "kel:value 76 ; kel:outOf 89", "kel:value 89 ; kel:outOf 76", "kel:value 89", "shape:Observation-part"),
    Mistake("plan told as an actual figure", "mp23-p31-4", "code:figure-planned", "code:figure-actual", "code:figure-actual", "figure-kind"),
    Mistake("kind of figure missing", "mp23-p37-2", " ; kel:figureKind code:figure-actual", "", "id:obs-free-economic-zones a", "shape:Observation-kind"),
    Mistake("two figures in one", "mp23-p25-3", "kel:value 19000", "kel:value 19000 , 42000", "kel:value", "shape:Observation-value"),
    Mistake("partner of a trade missing", "izv24-p32-4", " ; kel:counterpartArea id:russia", "", "id:obs-kz-ru-trade-2023 a", "shape:TradeObservation-counterpart"),
    Mistake("group that is counted missing", "mp23-p25-2", "kel:group code:group-foreign-participation ;", "", "id:obs-enterprises-with-foreign-participation-kazakhstan a", "shape:GroupObservation"),
    Mistake("investor and receiver swapped", "izv24-p29-5", "kel:refArea id:kazakhstan ; kel:counterpartArea id:russia", "kel:refArea id:russia ; kel:counterpartArea id:kazakhstan", "kel:refArea", "direction"),
    Mistake("wrong reporter", "mp23-p24-3", "kel:refArea id:kazakhstan ; kel:counterpartArea id:russia", "kel:refArea id:russia ; kel:counterpartArea id:kazakhstan", "kel:refArea", "reporter"),
    Mistake("gloss with another figure", "mp23-p32-4", _gloss("en"), r'\1"In Shymkent 936 thousand people are Russian-speaking."@en', "kel:gloss", "gloss-figure"),
    # ── dates ──
    Mistake("bound outside the EDTF", "mp23-p5-1", '"2023-10-31"', '"2023-11-30"', '"2023-11-30"', "edtf-and-bounds"),
    Mistake("EDTF malformed", "izv24-p36-1", '"2024-11-28"^^edtf', '"28.11.2024"^^edtf', "28.11.2024", "shape:Planned-edtf"),
    Mistake("bounds swapped", "izv24-p14-9", 'kel:plannedEarliest "2024-11-26"^^xsd:date ; kel:plannedLatest "2024-11-27"', 'kel:plannedEarliest "2024-11-27"^^xsd:date ; kel:plannedLatest "2024-11-26"', "kel:plannedEarliest", "edtf-and-bounds"),
    Mistake("stated though the year is implied", "mp23-p13-1", "code:date-inferred", "code:date-stated", "code:date-stated", "stated-date"),
    Mistake("EDTF missing", "mp23-p5-8", 'kel:edtf "2023-10"^^edtf:edtf ;', "", "id:stage-uzbekistan", "shape:Happened-edtf"),
    Mistake("basis of a date missing", "izv24-p32-5", re.compile(r" ; kel:dateBasis code:date-inferred"), "", "id:obs-kz-ru-trade-9m-2024 a", "shape:Dated-basis"),
    Mistake("inferred without a note", "izv24-p13-1", re.compile(r" ;\s*kel:note [^\n]* \."), " .", "kel:dateBasis", "inferred-without-note"),
    Mistake("date of what happened for a plan", "izv24-p11-1", re.compile(r"kel:planned(Earliest|Latest|Edtf) "), r"kel:earliest ", "kel:earliest", "modality-facts"),
    Mistake("year after the article", "mp23-p5-1", re.compile(r'2023-10-01(.*)2023-10-31(.*)2023-10"'), r'2032-10-01\g<1>2032-10-31\g<2>2032-10"', "2032-10-01", "after-the-article"),
    Mistake("no day of the calendar", "mp23-p12-1", '"2023-11-09"', '"2023-11-31"', '"2023-11-31"', "no-such-day"),
    Mistake("office attested after the article", "izv24-p46-1", '"2024-11-25"', '"2025-11-24"', '"2025-11-24"', "after-the-article"),
    Mistake("another month than printed", "mp23-p14-2", re.compile(r'"2023-10-01"(.*)"2023-10-31"(.*)"2023-10"'), r'"2023-12-01"\1"2023-12-31"\2"2023-12"', 'kel:edtf "2023-12"', "date-in-passage"),
    Mistake("another day than printed", "izv24-p21-3", re.compile(r"2024-11-25((?:.|\n)*?)2024-11-25((?:.|\n)*?)2024-11-25"), r"2024-11-18\g<1>2024-11-18\g<2>2024-11-18", 'kel:edtf "2024-11-18"', "date-in-passage"),
    # ── modality ──
    Mistake("asserted though planned", "izv24-p36-2", "code:planned", "code:asserted", "code:asserted", "modality-verb"),
    Mistake("planned date told as a fact", "izv24-p14-9", "code:planned", "code:asserted", "code:asserted", "modality-facts"),
    Mistake("reported though only expected", "izv24-p28-4", "code:expected", "code:reported", "code:reported", "modality-verb"),
    Mistake("planned though only possible", "izv24-p20-10", "code:possible", "code:planned", "code:planned", "modality-verb"),
    Mistake("planned though it was", "mp23-p22-1", "code:asserted", "code:planned", "code:status-held", "modality-facts"),
    Mistake("denied though it is told", "mp23-p39-3", "code:reported", "code:denied", "code:denied", "modality-verb"),
    Mistake("held though it is to come", "mp23-p28-1", "code:status-planned", "code:status-held", "code:status-held", "modality-facts"),
    Mistake("announced presence told as a fact", "izv24-p40-6", "code:planned", "code:asserted", "code:asserted", "modality-facts"),
    # ── speakers ──
    Mistake("reported by the publisher", "mp23-p22-7", "code:asserted", "code:reported", "code:reported", "voice"),
    Mistake("quoted and yet asserted", "izv24-p29-9", "code:expected", "code:asserted", "code:asserted", "voice"),
    Mistake("publisher in place of who is quoted", "izv24-p40-1", "id:yury-ushakov", "id:izvestia", "kel:speaker id:izvestia", "speaker"),
    Mistake("another speaker", "izv24-p29-8", "id:nikita-shatalov", "id:andrei-grozin", "kel:speaker id:andrei-grozin", "speaker"),
    Mistake("another one to have said it", "mp23-p23-1", "kel:saidBy id:kassym-jomart-tokayev", "kel:saidBy id:sergey-lavrov", "kel:saidBy", "said-by"),
    # ── sides ──
    Mistake("origin and destination swapped", "izv24-p20-8", "kel:origin id:russia ; kel:destination id:kazakhstan", "kel:origin id:kazakhstan ; kel:destination id:russia", "kel:origin", "direction"),
    Mistake("direction of an export reversed", "mp23-p5-13", "kel:origin id:russia ; kel:via id:kazakhstan ; kel:destination id:china", "kel:origin id:china ; kel:via id:kazakhstan ; kel:destination id:russia", "kel:origin", "direction"),
    Mistake("visitor and host swapped", "mp23-p2-3", "kel:host id:kassym-jomart-tokayev ; kel:visitor id:vladimir-putin", "kel:host id:vladimir-putin ; kel:visitor id:kassym-jomart-tokayev", "kel:host", "visit-sides"),
    Mistake("another state visited", "mp23-p13-2", "kel:visited id:kazakhstan", "kel:visited id:uzbekistan", "kel:visited", "gloss-names"),
    Mistake("another holder", "izv24-p26-1", "kel:holder id:daria-saprynskaia", "kel:holder id:andrei-grozin", "kel:holder", "gloss-names"),
    Mistake("party missing", "izv24-p21-1", "kel:party id:kazakhstan , id:russia", "kel:party id:kazakhstan", "id:relation-kz-ru-energy-cooperation a", "shape:RelationSides"),
    # ── duplicates ──
    Mistake("state twice by its code", "entities/states.ttl", "", '\nid:republic-of-kazakhstan a kel:State ; kel:isoAlpha2 "KZ"' + _ENTITY.format("Kazakh Republic", "Казахская Республика", "Қазақ Республикасы"), 'id:republic-of-kazakhstan a', "duplicate-entity"),
    Mistake("person twice by the label", "entities/people.ttl", "", "\nid:putin-vladimir a foaf:Person" + _ENTITY.format("Vladimir Putin", "Владимир Путин", "Владимир Путин"), 'rdfs:label "Vladimir Putin"@en , "Владимир Путин"@ru , "Владимир Путин"@kk ;\n    dcterms:source src:kelisim-curation .', "duplicate-entity"),
    Mistake("place twice by its Wikidata item", "entities/places.ttl", "", "\nid:central-asian-region a kel:Place ; skos:exactMatch wd:Q27275" + _ENTITY.format("Central Asian region", "Среднеазиатский регион", "Орталық Азия өңірі"), "id:central-asian-region a", "duplicate-entity"),
    Mistake("thing declared twice", "entities/works.ttl", "", "\n@prefix org: <http://www.w3.org/ns/org#> .\nid:izvestia a org:Organization .\n", "id:izvestia a", "duplicate-entity"),
    Mistake("tenure twice", "mp23-p2-5", "id:tenure-putin-president-of-russia", "id:tenure-putin-head-of-russia", "id:tenure-putin-head-of-russia a", "duplicate-fact"),
    Mistake("relation twice", "mp23-p22-8", "}", "    id:relation-grain-leaders a kel:Relation ; kel:kind code:relation-leading-producer ; kel:degree code:degree-leading ;\n        kel:party id:russia , id:kazakhstan ; kel:commodity code:grain ; kel:topic id:topic-agriculture .\n}", "id:relation-grain-leaders a", "duplicate-fact"),
    Mistake("stage twice", "izv24-p20-3", "id:stage-package-of-20-prepared", "id:stage-twenty-documents-ready", "id:stage-twenty-documents-ready", "duplicate-fact"),
    Mistake("figure twice", "izv24-p43-13", "id:obs-great-victory-anniversary", "id:obs-victory-80-years", "id:obs-victory-80-years", "duplicate-fact"),
    # ── entities ──
    Mistake("entity of which nobody tells", "entities/states.ttl", "", "\nid:atlantis a kel:State" + _ENTITY.format("Atlantis", "Атлантида", "Атлантида"), "id:atlantis a", "unused-entity"),
    Mistake("label of an entity missing", "entities/people.ttl", ' , "Дмитрий Песков"@ru', "", "id:dmitry-peskov a", "entity"),
    Mistake("source of an entity missing", "entities/people.ttl", re.compile(r"(id:xi-jinping (?:.|\n)*?) ;\s*dcterms:source [^.]*\."), r"\1 .", "id:xi-jinping a", "entity"),
    Mistake("class of an entity missing", "entities/people.ttl", "id:joe-biden a foaf:Person ;\n    rdfs:label", "id:joe-biden\n    rdfs:label", "id:joe-biden", "entity"),
    Mistake("office of no state", "entities/offices.ttl", "org:postIn id:kazakhstan ; org:role code:role-head-of-state", "org:role code:role-head-of-state", "id:president-of-kazakhstan a", "shape:Office-in"),
    Mistake("country code malformed", "entities/states.ttl", 'kel:isoAlpha2 "UZ"', 'kel:isoAlpha2 "Uz"', 'kel:isoAlpha2 "Uz"', "shape:State-alpha2"),
    Mistake("hash of the article wrong", "sources.ttl", "2b789da0ed5a", "000000000000", "000000000000", "article", alone=True),
)  # fmt: skip
