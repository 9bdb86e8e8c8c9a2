"""Every claim can be edited by the form: what it holds is what the claim holds, and recipes come from the claims."""

from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from kg.checks.collection import Collection, collect, curated_texts
from kg.checks.vocabulary import SELF_LABELLED
from kg.curation.shipped import packaged_data
from server.workbench.bench import Bench
from server.workbench.desk import Desk
from server.workbench.fields import Kind, full
from server.workbench.forms import from_claim, from_request
from server.workbench.recipes import class_of, is_bound
from server.workbench.statements import statements
from server.workbench.views import Views
from tests.server.workbench.conftest import make_data


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("forms")
    data, articles = make_data(folder)
    return Bench(Desk.open(data, "gaz31", articles, folder / "state"))


@pytest.fixture(scope="module")
def shipped() -> Collection:
    return collect(curated_texts())


def test_a_form_holds_all_that_a_claim_tells(bench: Bench, shipped: Collection) -> None:
    assert shipped.claims
    for claim in shipped.claims:
        form = bench.completion.complete(from_claim(claim), [], from_claim(claim))
        found = statements(claim.name, form, bench.vocabulary)
        assert found.mistakes == (), claim.name
        told = {(t.triple.subject.value, t.triple.predicate.value, t.triple.object) for t in found.told}  # type: ignore[union-attr]
        assert told == {(s.subject, s.predicate, s.object) for s in (*claim.facts, *claim.record)}, claim.name


def test_a_page_sends_all_that_a_claim_tells(bench: Bench, shipped: Collection) -> None:
    views = Views(bench, "en")
    for claim in shipped.claims[::10]:
        sent = from_request(MultiDict(views.sent(from_claim(claim))), claim.passage.article if claim.passage else "")
        found = statements(claim.name, bench.completion.complete(sent, [], from_claim(claim)), bench.vocabulary)
        told = {(t.triple.subject.value, t.triple.predicate.value, t.triple.object) for t in found.told}  # type: ignore[union-attr]
        assert told >= {(s.subject, s.predicate, s.object) for s in (*claim.facts, *claim.record)}, claim.name


def test_each_class_that_claims_introduce_has_a_recipe_with_the_fields_that_they_use(
    bench: Bench, shipped: Collection
) -> None:
    for claim in shipped.claims:
        form = from_claim(claim)
        for thing in form.things:
            recipe = bench.recipes.of(class_of(shipped, full(thing.name)))
            fields = {*recipe.usual, *recipe.others}
            assert {r.property for r in thing.rows} <= fields, claim.name
            if thing.classes:
                assert claim.name in recipe.like


@pytest.mark.parametrize(
    ("recipe", "needed"),
    [
        ("kel:Visit", {"kel:visitor", "kel:visited", "kel:plannedEdtf", "kel:status"}),
        ("kel:TradeObservation", {"kel:refArea", "kel:counterpartArea", "kel:value", "kel:unit", "kel:asWritten"}),
        ("kel:Statement", {"kel:saidBy", "kel:kind", "kel:gloss"}),
        ("kel:Tenure", {"kel:holder", "kel:office", "kel:attestedOn"}),
        ("kel:Relation", {"kel:kind", "kel:party"}),
        ("kel:StageEvent", {"kel:stageOf", "kel:stage"}),
    ],
)
def test_recipes_name_the_fields_of_their_shape(bench: Bench, recipe: str, needed: set[str]) -> None:
    found = bench.recipes.of(recipe)
    assert needed <= {*found.usual}
    assert found.required <= {*found.usual, *found.others, "dcterms:source", "rdfs:label"}
    assert found.labelled_here == (recipe.partition(":")[2] in SELF_LABELLED)


def test_codes_are_those_of_the_list_that_the_shapes_name_for_the_class(bench: Bench) -> None:
    assert bench.vocabulary.kind("kel:kind") == Kind.CODE
    visits, documents = (bench.vocabulary.codes(c, "kel:kind") for c in ("kel:Visit", "kel:Instrument"))
    assert "code:event-visit" in visits
    assert not {*visits} & {*documents}
    assert bench.vocabulary.kind("kel:periodEdtf") == Kind.EDTF
    assert is_bound("kel:periodStart")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Казахст", "id:kazakhstan"),
        ("қазақстан", "id:kazakhstan"),
        ("putin", "id:vladimir-putin"),
        ("Kasym Tokaev", "id:kassym-jomart-tokayev"),
        ("id:astana", "id:astana"),
    ],
)
def test_things_are_found_in_any_language_and_by_sound(bench: Bench, text: str, wanted: str) -> None:
    assert wanted in [f.name for f in bench.things.find(text, "en", "kel:visitor", 5)] or wanted in [
        f.name for f in bench.things.find(text, "en", most=5)
    ]


def test_the_desk_reads_no_folder_but_its_own(bench: Bench) -> None:
    assert bench.desk.folder != Path(str(packaged_data()))
    assert bench.desk.claims == ()
