"""The engines of analysts read our Parquet, and their aggregates are those of SPARQL over the same data."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd
import polars as pl
import pytest

from ontology import PREFIXES
from tests.benchmarks.trade import STATES, YEARS, n_quads
from tests.conftest import ROOT, serving

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## Parquet.*?(?=^## )", README, re.MULTILINE | re.DOTALL)
SNIPPETS = {
    name: snippet
    for snippet in re.findall(r"```python\n(.*?)```", SECTION[0] if SECTION else "", re.DOTALL)
    for name in ("duckdb", "polars", "pandas", "pyspark")
    if f"import {name}" in snippet or f"from {name}" in snippet
}
"""What README shows for each engine; each leaves its answer in `turnover`."""

SPARK = (
    "--driver-memory 1g --driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' --conf spark.ui.enabled=false "
    "--conf spark.sql.shuffle.partitions=2 --conf spark.sql.codegen.wholeStage=false pyspark-shell"
)
"""Settings for so few rows: Spark would compile for longer than it runs."""

AS_JSON = {
    "duckdb": "json.dump([dict(zip(turnover.columns, row)) for row in turnover.fetchall()], out, default=str)",
    "polars": "json.dump(turnover.to_dicts(), out, default=str)",
    "pandas": "json.dump(turnover.to_dict('records'), out, default=str)",
    "pyspark": "json.dump([row.asDict() for row in turnover.collect()], out, default=str); spark.stop()",
}
TURNOVER = """
SELECT ?one ?other ?year (MIN(?value) AS ?lowest) (MAX(?value) AS ?highest) (COUNT(DISTINCT ?claim) AS ?claims)
  (GROUP_CONCAT(DISTINCT ?how; separator=" ") AS ?modalities)
WHERE {
  GRAPH ?claim {
    ?figure kel:measure code:measure-trade-turnover ; kel:figureKind code:figure-actual ; kel:value ?value ;
     kel:unit unit:CCY_USD ; kel:refArea ?of ; kel:counterpartArea ?with ;
      kel:periodStart ?start ; kel:periodEnd ?end .
    FILTER NOT EXISTS { ?figure kel:group ?group }
  }
  ?claim kel:modality ?modality FILTER(?modality IN (code:asserted, code:reported))
  BIND(STRAFTER(STR(?modality), "/code/") AS ?how)
  BIND(STRAFTER(STR(IF(STR(?of) < STR(?with), ?of, ?with)), "/id/") AS ?one)
  BIND(STRAFTER(STR(IF(STR(?of) < STR(?with), ?with, ?of)), "/id/") AS ?other)
  BIND(YEAR(?start) AS ?year)
  FILTER(STRENDS(STR(?start), "-01-01") && STR(?end) = CONCAT(STR(?year), "-12-31"))
} GROUP BY ?one ?other ?year
"""


class Turnover(NamedTuple):
    """One row of the answer: a pair of states, a year, what is told of it, and how surely."""

    one: str
    other: str
    year: int
    lowest: Decimal
    highest: Decimal
    claims: int
    modalities: str

    @classmethod
    def of(cls, row: dict[str, object]) -> "Turnover":
        one, other = (str(row[name]).rpartition("/")[2] for name in ("one", "other"))
        lowest, highest = (Decimal(str(row[name])).normalize() for name in ("lowest", "highest"))
        modalities = " ".join(sorted(str(row["modalities"]).split()))
        return cls(one, other, int(str(row["year"])), lowest, highest, int(str(row["claims"])), modalities)


class Data(NamedTuple):
    """A folder in which `kelisim-parquet` was exported, and SPARQL's answer to the same."""

    folder: Path
    answer: list[Turnover]


def asked(address: str) -> list[Turnover]:
    query = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("kel", "code", "unit")) + TURNOVER
    command = [
        "curl",
        "-sf",
        f"{address}sparql",
        "--data-urlencode",
        f"query={query}",
        "-H",
        "Accept: application/json",
    ]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["results"]["bindings"]
    return sorted(Turnover.of({name: cell["value"] for name, cell in row.items()}) for row in found)


@pytest.fixture(scope="module")
def trade(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    """A store of made-up claims, asked over HTTP and exported while it is served."""
    folder = tmp_path_factory.mktemp("trade")
    file, store = folder / "trade.nq", folder / "store"
    file.write_text("".join(n_quads()), encoding="utf-8")
    subprocess.run([kelisim, "load", store, file], check=True, capture_output=True)
    with serving(kelisim, "--store", str(store)) as running:
        export = [kelisim, "export", "--format", "parquet", "--output", "kelisim-parquet", "--store", "store"]
        subprocess.run(export, check=True, capture_output=True, cwd=folder)
        yield Data(folder, asked(running.address))


@pytest.fixture(scope="module")
def curated(kelisim: str, server: str, tmp_path_factory: pytest.TempPathFactory) -> Data:
    """The graph itself."""
    folder = tmp_path_factory.mktemp("curated")
    command = [kelisim, "export", "--format", "parquet", "--output", "kelisim-parquet"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return Data(folder, asked(server))


def answered(name: str, folder: Path, shown: str = "") -> list[Turnover]:
    """What README's snippet finds in a folder; it runs as it is, in a process of its own."""
    code = f"{SNIPPETS[name]}\nimport json\nwith open('answer.json', 'w') as out:\n    {AS_JSON[name]}\n"
    environment = {k: v for k, v in os.environ.items() if k != "JAVA_HOME"} | {"PYSPARK_SUBMIT_ARGS": SPARK}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    return sorted(Turnover.of(row) for row in json.loads((folder / "answer.json").read_text(encoding="utf-8")))


def test_readme_shows_each_engine() -> None:
    assert set(SNIPPETS) == set(AS_JSON)


def test_the_data_have_the_traps(trade: Data) -> None:
    """A sum over the rows of the table is not that over pairs of states: what is told twice would count twice."""
    assert len(trade.answer) == STATES * (STATES - 1) // 2 * YEARS
    assert sum(row.claims for row in trade.answer) > 1.4 * len(trade.answer)
    assert any(row.lowest < row.highest for row in trade.answer)
    naive = duckdb.execute(
        f"SELECT sum(value) FROM '{trade.folder}/kelisim-parquet/tables/observations/*.parquet'"
    ).fetchall()[0]
    assert naive[0] > 2 * sum(row.highest for row in trade.answer)


@pytest.mark.parametrize("name", ["duckdb", "polars", "pandas"])
def test_engines_find_what_sparql_finds(name: str, trade: Data, curated: Data) -> None:
    assert answered(name, trade.folder) == trade.answer
    found = answered(name, curated.folder, "asserted")
    assert found == curated.answer
    assert [(row.one, row.other, row.year, row.highest) for row in found] == [
        ("kazakhstan", "russia", 2022, Decimal("28.2E9")),
        ("kazakhstan", "russia", 2023, Decimal("28.4E9")),
    ]


def test_spark_finds_what_sparql_finds(trade: Data) -> None:
    if not shutil.which("java") or not importlib.util.find_spec("pyspark"):
        pytest.skip("no Java runtime or no PySpark here (.ci/run brings both), so Spark read nothing")
    assert answered("pyspark", trade.folder, "asserted") == trade.answer


def test_quads_are_filtered_by_typed_values(trade: Data) -> None:
    """The columns of values give what SPARQL's comparisons give, in each engine."""
    value, folder = PREFIXES["kel"] + "value", trade.folder / "kelisim-parquet" / "quads"
    where = f"kind = 'claim' AND predicate = '{value}' AND value_decimal > 20000000000.2"
    query = f"SELECT count(*), sum(value_decimal) FROM read_parquet('{folder}/*/*.parquet') WHERE {where}"
    by_duckdb = duckdb.execute(query).fetchall()[0]
    exact = Decimal("20000000000.2")
    by_polars = (
        pl.scan_parquet(folder)
        .filter(pl.col("kind") == "claim", pl.col("predicate") == value, pl.col("value_decimal") > exact)
        .select(pl.len(), pl.col("value_decimal").sum())
        .collect()
        .row(0)
    )
    rows = pd.read_parquet(
        folder, filters=[("kind", "=", "claim"), ("predicate", "=", value), ("value_decimal", ">", exact)]
    )
    told = [
        Decimal(q.rpartition('"^^')[0].rpartition('"')[2]) for q in n_quads() if f"<{value}>" in q and "/claim/" in q
    ]
    expected = [figure for figure in told if figure > exact]
    assert len(expected) > 100
    assert (len(expected), sum(expected)) == by_duckdb == by_polars == (len(rows), rows["value_decimal"].sum())
