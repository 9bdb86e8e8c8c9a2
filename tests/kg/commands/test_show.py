"""Things on the terminal: ``kelisim show``, and the shell's completion."""

import json
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from kg.commands.show import _block
from kg.engine.engine import Engine
from kg.search.lookup import resolve
from kg.store.reader import Reader
from ontology import KelisimError
from ontology.namespaces import CLAIM, CODE, ID, KEL
from tests.kg.commands.test_cli import run
from tests.wording import dollars


def test_a_thing_is_told_with_its_footnotes() -> None:
    status, printed = run("show", "putin-state-visit-kazakhstan-2024")
    words = " ".join(printed.split())
    assert status == 0
    assert "visitor Vladimir Putin [1,3,5]" in words
    assert "gasification (denied) [11]" in words
    assert "2024-11-27/2024-11-28 planned (inferred)" in words
    assert "11 Gasification will, as the researcher Andrei Grozin thinks, not be among" in words
    assert "Andrei Grozin, Izvestia, November 2024, paragraph 25, denied claim:izv24-p25-7" in words


def test_json_is_for_programs() -> None:
    status, printed = run("show", "putin-state-visit-kazakhstan-2024", "--json", "--language", "ru")
    told = json.loads(printed)
    assert status == 0
    assert told["iri"] == str(ID["putin-state-visit-kazakhstan-2024"])
    facts = {fact["property"]: fact for fact in told["facts"]}
    (visitor,) = facts[str(KEL.visitor)]["values"]
    assert visitor["label"] == {"text": "Владимир Путин", "language": "ru"}
    topics = {value["iri"]: value for value in facts[str(KEL.topic)]["values"]}
    denied = topics[str(ID["topic-gasification"])]
    assert denied["modality"] == "denied"
    (note,) = [each for each in told["footnotes"] if each["number"] in denied["notes"]]
    assert note["claim"] == str(CLAIM["izv24-p25-7"])
    assert (note["speaker"], note["paragraph"]) == (str(ID["andrei-grozin"]), 25)
    assert told["dates"][0]["sort"] == "planned"


def test_headings_are_in_the_language() -> None:
    for language, expected in {
        "ru": ("Вкратце", "гость", "отрицается"),
        "kk": ("Қысқаша", "жоққа шығарылады"),
    }.items():
        printed = run("show", "putin-state-visit-kazakhstan-2024", "--language", language)[1]
        assert all(words in printed for words in expected), printed
        assert "In brief" not in printed
    assert "человек" in run("show", "vladimir-putin", "--language", "ru")[1]


def test_one_section_in_full() -> None:
    printed = run("show", "kazakhstan", "--part", "figures")[1]
    assert dollars(28.4e9) in printed
    assert "contested" in printed
    assert "In brief" not in printed
    told = json.loads(run("show", "kazakhstan", "--part", "figures", "--json")[1])
    (section,) = told["sections"]
    assert len(section["entries"]) == section["total"] > 20


def test_figures_that_differ_are_told() -> None:
    told = json.loads(run("show", "obs-ru-direct-investment-kz", "--json")[1])
    assert [entry["iri"] for entry in told["contradicted_by"]] == [str(ID["obs-ru-direct-investment-kz-mp23"])]
    assert "Claims do not agree" in run("show", "obs-ru-direct-investment-kz")[1]


@pytest.mark.parametrize(
    ("words", "iri"),
    [
        ("astana", str(ID.astana)),
        ("id:astana", str(ID.astana)),
        (str(ID.astana), str(ID.astana)),
        (f"<{ID.astana}>", str(ID.astana)),
        ("code:planned", str(CODE.planned)),
        ("claim:izv24-p6-1", str(CLAIM["izv24-p6-1"])),
        ("Қасым-Жомарт Тоқаев", str(ID["kassym-jomart-tokayev"])),
        ("kassym jomart tokaev", str(ID["kassym-jomart-tokayev"])),
    ],
)
def test_a_thing_is_found_by_what_a_person_types(engine: Engine, words: str, iri: str) -> None:
    assert resolve(Reader(engine), words) == iri


@pytest.mark.parametrize(("words", "near"), [("astna", "id:astana"), ("Tokayev", "id:kassym-jomart-tokayev")])
def test_what_is_not_certain_is_suggested(engine: Engine, words: str, near: str) -> None:
    with pytest.raises(KelisimError, match=near):
        resolve(Reader(engine), words)


def test_what_is_unknown_is_told() -> None:
    assert run("show", "xqzw yyy") == (1, "Error: Nothing in the graph is called 'xqzw yyy'.\n")
    assert run("show", "astana", "--part", "nothing")[0] == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str) -> None:
    status, printed = run("completion", shell)
    assert status == 0
    assert "_KELISIM_COMPLETE" in printed


def test_bash_completes_commands_and_things(kelisim: str) -> None:
    def completed(*words: str) -> list[str]:
        script = (
            f'eval "$(kelisim completion bash)"; COMP_WORDS=(kelisim {" ".join(words)}); COMP_CWORD={len(words)}; '
            '_kelisim_completion kelisim; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        path = f"{Path(kelisim).parent}:/usr/bin:/bin"
        done = subprocess.run(
            ["/bin/bash", "-c", script], env={"PATH": path}, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.split()

    assert completed("sho") == ["show"]
    assert {"kazakhstan-npp", "kazakhstan-npp-project"} <= set(completed("show", "kazakhstan-n"))


@pytest.mark.parametrize("left", ["[b]name[/b] :speaker:", Text("[b]name[/b] :speaker:")])
def test_names_are_shown_as_they_are(left: str | Text) -> None:
    console = Console(width=120, record=True, file=StringIO())
    for part in _block("[i]Heading[/i] :smile:", [(left, "[2024] :smile:")]):
        console.print(part)
    printed = console.export_text()
    for shown in ("[i]Heading[/i] :smile:", "[b]name[/b] :speaker:", "[2024] :smile:"):
        assert shown in printed
