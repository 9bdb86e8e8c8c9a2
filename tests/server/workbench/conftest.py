"""A workbench that runs, over a copy of the curated files with one more article, which is made up here."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from kg.curation.shipped import packaged_data
from kg.curation.writing import ClaimsFile

TEXT = """Harbour Gazette

Trade of Kazakhstan and Russia came to $17.5 billion in 2019, our paper has learnt. The president of Russia \
<b>bold</b> is to visit Kazakhstan on 3 May 2031. <script>document.title = "taken over"</script> Nobody said more.

Officials met in Astana. They spoke of trade & transit, and of “new” routes.
"""
"""An article that is nowhere printed, with marks that a page must not take for its own."""

RECORD = """
src:gaz31 a kel:Article ;
    rdfs:label "Harbour Gazette, 2031"@en , "«Вестник гавани», 2031"@ru , "«Айлақ хабаршысы», 2031"@kk ;
    dcterms:publisher id:izvestia ; dcterms:language "en" ;
    kel:earliest "2031-04-02"^^xsd:date ; kel:latest "2031-04-02"^^xsd:date ; kel:edtf "2031-04-02"^^edtf:edtf ;
    kel:dateBasis code:date-stated ; kel:sha256 "{digest}" .
"""
ARTICLE = "gaz31"


@dataclass(frozen=True)
class Answer:
    """What the workbench answered."""

    status: int
    text: str
    headers: dict[str, str]
    url: str


class Curating:
    """A running workbench: its folder of data, and a client without scripts that has its token."""

    def __init__(self, process: subprocess.Popen[str], address: str, data: Path) -> None:
        self.process = process
        self.entry = address
        self.base = address.partition("/?")[0]
        self.data = data
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.secret = ""

    def get(self, path: str) -> Answer:
        return self.ask(Request(self.base + path, headers={"Accept": "text/html"}))

    def post(self, path: str, *fields: tuple[str, str], **named: str) -> Answer:
        if not self.secret:
            self.enter()
        sent = [*fields, *named.items(), ("secret", self.secret)]
        headers = {"Origin": self.base, "Accept": "text/html"}
        return self.ask(Request(self.base + path, data=urlencode(sent).encode(), headers=headers))

    def enter(self) -> Answer:
        answer = self.ask(Request(self.entry))
        found = re.search(r'name="secret" value="(\w+)"', answer.text)
        assert found
        self.secret = found[1]
        return answer

    def ask(self, request: Request) -> Answer:
        try:
            with self._opener.open(request, timeout=60) as response:
                headers = {k.lower(): v for k, v in response.headers.items()}
                return Answer(response.status, response.read().decode(), headers, response.url)
        except HTTPError as error:
            headers = {k.lower(): v for k, v in error.headers.items()}
            return Answer(error.code, error.read().decode(), headers, request.full_url)

    def claims(self, article: str = ARTICLE) -> str:
        return (self.data / "claims" / f"{article}.trig").read_text(encoding="utf-8")


def make_data(folder: Path, text: str = TEXT, *, claims: str = "") -> tuple[Path, Path]:
    """A copy of the curated files with the article that is made up, and the folder of its text."""
    data, articles = folder / "data", folder / "articles"
    shutil.copytree(Path(str(packaged_data())), data)
    articles.mkdir()
    (articles / "gazette.txt").write_text(text, encoding="utf-8")
    sources = data / "sources.ttl"
    record = RECORD.format(digest=sha256(text.encode()).hexdigest())
    sources.write_text(sources.read_text(encoding="utf-8") + record, encoding="utf-8")
    file = ClaimsFile.new(ARTICLE, "Harbour Gazette, April 2031")
    (data / file.name).write_text(file.text + claims, encoding="utf-8")
    return data, articles


@contextmanager
def curating(kelisim: str, data: Path, articles: Path, article: str = ARTICLE) -> Iterator[Curating]:
    """Runs ``kelisim curate`` on a free port; its journal is kept beside the data."""
    command = [kelisim, "--data", str(data), "curate", article, "--articles", str(articles), "--port", "0"]
    environment = {**os.environ, "XDG_STATE_HOME": str(data.parent / "state")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout
        printed = ""
        for line in process.stdout:
            printed += line
            if match := re.search(r"Open (http://\S+)", line):
                break
        else:
            pytest.fail(f"the workbench did not start: {printed}")
        yield Curating(process, match[1], data)
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="session")
def running(kelisim: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Curating]:
    """A workbench over an article without claims, which all tests share."""
    data, articles = make_data(tmp_path_factory.mktemp("workbench"))
    with curating(kelisim, data, articles) as running:
        running.enter()
        yield running


@pytest.fixture
def bench(running: Curating) -> Iterator[Curating]:
    """The shared workbench, with files and working copy as they were at its start."""
    before = {p: p.read_bytes() for p in running.data.rglob("*") if p.is_file()}
    yield running
    for _ in range(50):
        if 'value="undo" aria-keyshortcuts="Control+Z" disabled' in running.post("/do", do="undo", back="/").text:
            break
    changed = [p for p in running.data.rglob("*") if p.is_file() and before.get(p) != p.read_bytes()]
    for path in changed:
        if path in before:
            path.write_bytes(before[path])
        else:
            path.unlink()
    for do in (*(("reload", "forget") if changed else ()), "drop-forms"):
        running.post("/do", do=do, back="/")
