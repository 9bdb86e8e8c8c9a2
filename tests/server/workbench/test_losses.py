"""Nothing that a curator wrote is lost: not by a form, by numbering anew, by another's edits, or by a file's place."""

from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from kg.curation.writing import ClaimsFile
from kg.packages.scaffold import new_package
from server.http.errors import ProblemError
from server.workbench.app import create_app
from server.workbench.bench import Bench
from server.workbench.desk import Desk
from server.workbench.forms import MOST_THINGS, from_claim, from_request
from server.workbench.guard import Guard
from server.workbench.views import Views
from tests.server.workbench.conftest import ARTICLE, make_data
from tests.server.workbench.test_editing import WRITTEN

PORT = 1234
BASE = f"http://127.0.0.1:{PORT}"


class Client:
    """A workbench within this process."""

    def __init__(self, data: Path, articles: Path, article: str = ARTICLE) -> None:
        self.data = data
        self.desk = Desk.open(data, article, articles, data.parent / "state")
        self.bench = Bench(self.desk)
        guard = Guard(PORT)
        self._secret = guard.secret
        self._client = create_app(self.bench, guard).test_client()
        self._client.get(f"/?token={guard.token}", base_url=BASE)

    def get(self, path: str) -> TestResponse:
        return self._client.get(path, base_url=BASE, headers={"Accept": "text/html"})

    def post(self, path: str, *fields: tuple[str, str], **named: str) -> TestResponse:
        sent = MultiDict([*fields, *named.items(), ("secret", self._secret)])
        return self._client.post(path, data=sent, base_url=BASE, headers={"Origin": BASE, "Accept": "text/html"})

    def form(self, name: str, **changed: str) -> list[tuple[str, str]]:
        """The fields of the form of a claim as a browser sends them, some changed."""
        claim = self.desk.claim(name)
        assert claim
        sent = Views(self.bench, "en").sent(from_claim(claim))
        return [("key", f"claim:{name}"), *((k, changed.get(k, v)) for k, v in sent)]

    @property
    def text(self) -> str:
        return self.desk.texts[self.desk.path]


Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a workbench over some claims."""

    def started(claims: str = WRITTEN) -> Client:
        data, articles = make_data(tmp_path, claims=claims)
        return Client(data, articles)

    return started


GLOSS = "record:kel:gloss@en"


@pytest.mark.parametrize(
    "values",
    [
        'skos:altLabel "Plain" .',
        'skos:altLabel "British"@en-GB .',
        'skos:altLabel "One"@en , "Two"@en .',
        "kel:place id:astana ." + "".join(f"\n    id:thing-{n} kel:place id:astana ." for n in range(24)),
    ],
)
def test_a_form_gives_back_texts_of_any_language_and_many_things(start: Start, values: str) -> None:
    client = start(
        WRITTEN.replace("    id:kazakhstan a kel:State .", f"    id:kazakhstan a kel:State ; {values}").replace(
            "\nclaim:gaz31-p2-1 {", "\n@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\nclaim:gaz31-p2-1 {"
        )
    )
    page = client.get("/claims/gaz31-p2-1").text
    sent = client.form("gaz31-p2-1", **{GLOSS: "Mended."})
    assert all(f'name="{name}"' in page for name, _ in sent)
    before = client.desk.claim("gaz31-p2-1")
    client.post("/claims/gaz31-p2-1", *sent, do="keep")
    after = client.desk.claim("gaz31-p2-1")
    assert before
    assert after
    assert after.gloss("en") == "Mended."
    told = [{(s.subject, s.predicate, s.object) for s in c.facts} for c in (before, after)]
    assert told[0] == told[1]


def test_a_claim_that_no_form_can_hold_is_not_kept_by_one(start: Start) -> None:
    client = start(
        WRITTEN.replace("    id:russia a kel:State .", '    id:russia a kel:State ; rdfs:label "Two  spaces"@en .')
    )
    before = client.text
    assert (
        client.post("/claims/gaz31-p2-1", *client.form("gaz31-p2-1", **{GLOSS: "Mended."}), do="keep").status_code
        == 303
    )
    assert "edit its text" in client.get("/claims/gaz31-p2-1").text
    assert client.text == before
    with pytest.raises(ProblemError):
        from_request(MultiDict([(f"thing-{n}", "") for n in range(MOST_THINGS + 1)]), ARTICLE)


TWO = WRITTEN + WRITTEN.partition("# Paragraph 2\n")[2].replace("p2-1", "p2-2").replace("traded for", "exchanged")


def test_a_form_that_was_begun_stays_with_its_claim_when_claims_are_numbered_anew(start: Start) -> None:
    client = start(TWO)
    client.post("/check", *client.form("gaz31-p2-2", **{GLOSS: "Half."}))
    client.post("/claims/gaz31-p2-1/remove", how="renumber")
    assert [*client.desk.begun] == ["claim:gaz31-p2-1"]
    assert (GLOSS, "Half.") in client.desk.begun["claim:gaz31-p2-1"]
    client.post("/do", do="undo")
    assert [*client.desk.begun] == ["claim:gaz31-p2-2"]
    client.post("/check", *client.form("gaz31-p2-1", **{GLOSS: "Other half."}))
    client.post("/do", do="redo")
    assert [*client.desk.begun] == ["claim:gaz31-p2-1"]
    assert (GLOSS, "Half.") in client.desk.begun["claim:gaz31-p2-1"]
    assert "Other half." in client.get("/").text, "what was entered for the claim that is gone is shown"


def test_a_form_that_was_begun_stays_with_its_claim_when_one_is_put_before_it(start: Start) -> None:
    client = start(WRITTEN.replace("p2-s1", "p2-s2"))
    client.post("/check", *client.form("gaz31-p2-1", **{GLOSS: "Half."}))
    new = [(k, v) for k, v in client.form("gaz31-p2-1") if k not in {"first", "last", "key"}]
    client.post("/new?at=2-1&recipe=kel:TradeObservation", *new, first="1", last="1", do="keep", order="yes")
    assert [c.name for c in client.desk.claims] == ["gaz31-p2-1", "gaz31-p2-2"]
    assert [*client.desk.begun] == ["claim:gaz31-p2-2"]
    client.post("/do", do="undo")
    assert [*client.desk.begun] == ["claim:gaz31-p2-1"]


def others_write(client: Client, text: str) -> None:
    (client.data / client.desk.path).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("taken_up", [False, True])
def test_what_cannot_be_put_on_top_is_shown_and_all_else_is_put_on_top(start: Start, *, taken_up: bool) -> None:
    client = start()
    new = TWO.partition(WRITTEN)[2]
    file = ClaimsFile.read(client.text + new + new.replace("p2-2", "p2-3"), client.desk.path)
    before = client.text
    client.desk.edit("two claims", {client.desk.path: file.text})
    client.post("/check", *client.form("gaz31-p2-1", **{GLOSS: "Half."}))
    others_write(client, before.replace("traded for", "had a trade of") + "\n# Withdrawn: gaz31-p2-2\n")
    if taken_up:
        client = Client(client.data, client.data.parent / "articles")
    assert client.post("/do", do="take-up" if taken_up else "reload").status_code == 303
    assert [c.name for c in client.desk.claims] == ["gaz31-p2-1", "gaz31-p2-3"]
    assert [name for name, _ in client.desk.left] == ["gaz31-p2-2", "gaz31-p2-1"]
    page = client.get("/").text
    assert "exchanged" in page
    assert "Half." in page
    assert client.desk.found is None


def test_an_earlier_session_stays_offered_when_it_cannot_be_taken_up(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start()
    client.desk.edit("a claim", {client.desk.path: client.text.replace("traded", "exchanged")})
    again = Client(client.data, client.data.parent / "articles")
    with monkeypatch.context() as patch:
        patch.setattr("server.workbench.desk.merged", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            again.desk.take_up()
    assert again.desk.found
    again.desk.take_up()
    assert "exchanged" in again.text


def test_an_edit_stands_and_a_warning_is_told_where_the_journal_cannot_be_written(start: Start) -> None:
    client = start()
    folder = client.desk.journal.path.parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder", encoding="utf-8")
    answer = client.post("/claims/gaz31-p2-1", *client.form("gaz31-p2-1", **{GLOSS: "Mended."}), do="keep")
    assert answer.status_code == 303
    assert "Mended." in client.text
    assert "Save soon" in client.get("/").text
    assert client.post("/do", do="save").status_code == 303
    assert "Mended." in (client.data / client.desk.path).read_text(encoding="utf-8")
    folder.unlink()
    client.post("/do", do="undo")
    assert "Save soon" not in client.get("/").text


@pytest.mark.parametrize("reloaded", [False, True])
def test_undoing_takes_a_new_file_away_that_was_saved(start: Start, *, reloaded: bool) -> None:
    client = start()
    file = client.data / "entities" / "harbours.ttl"
    client.desk.edit("a file", {"entities/harbours.ttl": "# Harbours.\n"})
    client.desk.save()
    assert file.is_file()
    client.desk.undo()
    assert client.desk.unsaved["entities/harbours.ttl"] == ""
    if reloaded:
        client.desk.reload()
    assert "entities/harbours.ttl" in client.desk.save()
    assert not file.exists()
    assert client.desk.unsaved == {}


@pytest.mark.parametrize("standalone", [False, True])
def test_new_things_of_a_package_have_its_prefix_and_its_source(tmp_path: Path, *, standalone: bool) -> None:
    folder = tmp_path / "harbour"
    new_package(folder, standalone=standalone)
    client = Client(folder, folder / "articles", "harbour1")
    labels = {f"thing-0:rdfs:label@{code}": "Port Foo" for code in ("en", "ru", "kk")}
    client.post("/things/new", do="keep", back="/", **labels, **{"thing-0.class": "kel:Place"})
    (path,) = client.desk.unsaved
    told = client.desk.texts[path].partition("id:harbour_port-foo a kel:Place")[2]
    assert "dcterms:source src:harbour_curation" in told.partition(" .\n")[0]
    assert client.bench.things.new_name("Norvia visit", "visit") == "id:harbour_visit-norvia-visit"


def test_a_new_thing_takes_the_place_of_the_one_value_of_a_field(start: Start) -> None:
    client = start()
    client.post("/check", *client.form("gaz31-p2-1"))
    labels = {f"thing-0:rdfs:label@{code}": "Ada Example" for code in ("en", "ru", "kk")}
    made = {**labels, "thing-0.class": "foaf:Person", "key": "claim:gaz31-p2-1", "field": "record:kel:speaker"}
    client.post("/things/new", do="keep", back="/", **made)
    begun = client.desk.begun["claim:gaz31-p2-1"]
    assert [v for k, v in begun if k == "record:kel:speaker"] == ["id:ada-example"]


@pytest.mark.parametrize(
    ("typed", "made"), [("ada_1", True), ("id:ada-1", True), ("id:Ada", False), ("src:ada", False)]
)
def test_a_new_thing_has_a_name_of_small_letters(start: Start, typed: str, *, made: bool) -> None:
    client = start()
    labels = {f"thing-0:rdfs:label@{code}": "Ada Example" for code in ("en", "ru", "kk")}
    answer = client.post(
        "/things/new", do="keep", back="/", **labels, **{"thing-0.class": "foaf:Person", "thing-0": typed}
    )
    assert (answer.status_code == 303) is made
    assert (f"id:{typed.removeprefix('id:')}" in client.bench.things.classes) is made
    assert made or "is no name" in answer.text


def test_what_another_changed_is_told_on_the_next_page(start: Start) -> None:
    client = start()
    assert "Another has written" not in client.get("/").text
    before = client.text
    others_write(client, before.replace("traded for", "had a trade of"))
    assert f"Another has written {client.desk.path}" in client.get("/").text
    client.post("/do", do="reload")
    assert "Another has written" not in client.get("/").text
    client.desk.edit("mine", {client.desk.path: before})
    client.post("/do", do="save")
    assert "Another has written" not in client.get("/").text


@pytest.mark.parametrize("passage", ["id:astana", "src:gaz31-p99-s7", ""])
def test_a_claim_without_a_passage_of_the_article_is_edited_as_text(start: Start, passage: str) -> None:
    client = start()
    source = WRITTEN.partition("# Paragraph 2")[2].strip()
    source = source.replace("kel:passage src:gaz31-p2-s1 ;", f"kel:passage {passage} ;" if passage else "")
    answer = client.post("/claims/gaz31-p2-1/source", source=source)
    assert answer.status_code == 303
    assert client.desk.undoable == "gaz31-p2-1"
    assert passage in client.text
    if not passage.startswith("src:"):
        assert client.get("/claims/gaz31-p2-1").location == "/claims/gaz31-p2-1/source"
    assert client.get("/claims/gaz31-p2-1/source").status_code == 200
    client.post("/do", do="undo")
    assert "src:gaz31-p2-s1" in client.text
