"""The command `kelisim agree`: what it prints and writes, and how it ends."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.checks.collection import curated_texts
from server.commands.cli import cli
from tests.conftest import ROOT
from tests.kg.agreement.curations import changed, claims_of, without, write

_A = Path("kg/data/claims/izv24.trig")
_B = Path("second/izv24.trig")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the curated files in kg/data, and in second the claims of a second curator; the current one."""
    for name, text in curated_texts().items():
        path = tmp_path / "kg" / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    second = without(claims_of("izv24"), ["izv24-p15-2"])
    second = changed(second, "izv24-p29-8", "kel:speaker id:nikita-shatalov", "kel:speaker id:andrei-grozin")
    second = changed(second, "izv24-p32-4", "kel:value 28400000000", "kel:value 24800000000")
    write(tmp_path, "second", second.replace("id:obs-kz-ru-trade-2023", "id:trade-2023"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def agree(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["agree", *map(str, arguments)])


@pytest.mark.usefixtures("folder")
def test_the_readme_shows_what_it_prints(articles: Path) -> None:
    done = agree(_A, _B, "--articles", articles)
    assert done.exit_code == 0
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n\$ kelisim agree [^\n]*\n(.*?)```", readme, re.DOTALL)
    lines = re.compile(r"(?<=\.trig:)\d+")
    assert lines.sub("…", done.stdout) == lines.sub("…", shown)


@pytest.mark.usefixtures("folder")
def test_json_tells_all() -> None:
    found = json.loads(agree(_A, _B, "--json", "--language", "ru").stdout)
    assert found["measures"]["claims"]["sameFact"] == {
        "matched": 303,
        "inA": pytest.approx(303 / 305),
        "inB": pytest.approx(303 / 304),
        "f1": pytest.approx(2 * 303 / 609),
    }
    assert not found["measures"]["allSentences"]
    assert [d["sort"] for d in found["differences"]] == ["only-a", "changed", "changed"]
    (figure,) = found["differences"][2]["aspects"]
    assert (figure["aspect"], figure["a"][0]["value"], figure["b"][0]["value"]) == (
        "figure",
        "28400000000",
        "24800000000",
    )
    assert found["differences"][1]["a"][0]["speaker"] == [{"value": "id:nikita-shatalov", "label": "Никита Шаталов"}]
    assert found["names"][0]["b"]["value"] == "id:trade-2023"


def test_differences_are_decided_and_accepted(folder: Path) -> None:
    done = agree(_A, _B, "--differences", "decide.toml")
    assert (done.exit_code, done.stdout) == (0, "Wrote decide.toml: 3 differences, 3 to decide.\n")
    done = agree(_A, _B, "--decide", "decide.toml", "--accept", "out.trig")
    assert done.exit_code == 1
    assert len(re.findall(r"decide\.toml:\d+: .* is not decided", done.stderr)) == 3
    assert not (folder / "out.trig").exists()
    decisions = (folder / "decide.toml").read_text(encoding="utf-8").replace('take = ""', 'take = "B"', 2)
    (folder / "decide.toml").write_text(decisions, encoding="utf-8")
    assert agree(_A, _B, "--differences", "decide.toml").stdout.endswith("3 differences, 1 to decide.\n")
    (folder / "decide.toml").write_text(decisions.replace('take = ""', 'take = "A"'), encoding="utf-8")
    done = agree(_A, _B, "--decide", "decide.toml", "--accept", "out.trig")
    assert done.exit_code == 0
    assert done.stdout.startswith("Wrote out.trig: 303 claims of A, 1 of B.\n")
    shutil.copy("out.trig", folder / "kg" / "data" / "claims" / "izv24.trig")
    assert "Differences: 1\n" in agree("kg/data", _B).stdout


@pytest.mark.usefixtures("folder")
def test_two_files_that_agree_are_accepted_without_decisions() -> None:
    done = agree(_A, _A, "--accept", "out.trig")
    assert done.exit_code == 0
    assert Path("out.trig").read_bytes() == _A.read_bytes()
    assert agree(_A, _A, "--decide", _A).exit_code == 2


@pytest.mark.usefixtures("folder")
def test_what_is_printed_has_nothing_that_a_terminal_obeys() -> None:
    text = _B.read_text(encoding="utf-8")
    _B.write_text(changed(text, "izv24-p32-4", "rose to a record", "rose\\u001B[31m to a record"), encoding="utf-8")
    done = agree(_A, _B)
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert "rose[31m to a record" in done.stdout


@pytest.mark.usefixtures("folder")
def test_errors_say_what_to_do() -> None:
    done = agree(_A, "kg/data/claims/mp23.trig")
    assert done.exit_code == 1
    assert "The two sides curate different articles" in done.stderr
    assert agree(_A, "nowhere.trig").exit_code == 2
    done = agree(_A, _B, "--articles", "nowhere")
    assert done.exit_code == 1
    assert "nowhere" in done.stderr
