"""The shipped graph passes its own tests, however many articles it is of. (Other tests read the frozen copy.)"""

from kg.curation.curated import read_curation, text_of
from kg.packages.answers import Status
from kg.packages.testing import failures, run_tests
from kg.publishing.questions import read_questions
from ontology.namespaces import ID
from tests.conftest import ARTICLES, SHIPPED


def test_the_shipped_graph_passes_its_tests() -> None:
    outcome = run_tests(SHIPPED, ARTICLES if ARTICLES.is_dir() else None)
    questions = [f"{t.name}: {t.message} - {t.lost} + {t.gained}" for t in outcome.questions if not t.passed]
    assert outcome.passed, "\n".join([*map(str, outcome.errors), *failures(outcome), *questions])
    assert outcome.claims == len(read_curation(SHIPPED).claims) > 600
    assert outcome.report
    assert outcome.consistency
    assert {t.name for t in outcome.questions} == {q.name for q in read_questions(SHIPPED)}
    assert {t.status for t in outcome.questions} == {Status.SAME}
    assert not [told for told in outcome.unchecked if "reasoner" in told]


def test_no_shipped_name_is_one_that_a_package_could_give() -> None:
    curation = read_curation(SHIPPED)
    triples = [*curation.reference, *(t for claim in curation.claims for t in claim.facts)]
    names = {text_of(t.subject).removeprefix(str(ID)) for t in triples if text_of(t.subject).startswith(str(ID))}
    assert len(names) > 500
    assert not [name for name in names if "_" in name]
