"""The command ``kelisim conflicts``."""

import json
import re

import pytest
from click.testing import CliRunner

from kg.conflicts.detection import detect
from kg.engine.engine import Engine
from kg.store.reader import Reader
from server.commands.cli import cli


def run(*options: str) -> str:
    done = CliRunner().invoke(cli, ["conflicts", *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_all_as_json(engine: Engine) -> None:
    assert [each["iri"] for each in json.loads(run("--json"))] == [each.iri for each in detect(Reader(engine))]


@pytest.mark.parametrize(
    ("language", "title", "why"),
    [
        ("en", "figures that disagree", "no period"),
        ("ru", "числа расходятся", "нет периода"),
        ("kk", "сандар", "кезеңі"),
    ],
)
def test_in_words(language: str, title: str, why: str) -> None:
    words = re.sub(r"\s+", " ", run("--kind", "figures", "--language", language))
    for each in (title, why, "mp23-p25-1", "izv24-p29-5", "$22 billion"):
        assert each in words


def test_of_one_thing() -> None:
    (only,) = json.loads(run("--thing", "armenia", "--json"))
    assert only["kind"]["name"] == "participation"


def test_none_proves_nothing() -> None:
    assert "proves nothing" in run("--kind", "office")


def test_an_unknown_kind_is_told() -> None:
    done = CliRunner().invoke(cli, ["conflicts", "--kind", "quarrel"])
    assert done.exit_code == 2
    assert "figures" in done.output
