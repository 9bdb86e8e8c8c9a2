"""Tokens: creation, checks and revocation; storage as hashes; changes seen by running servers."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology import KelisimError
from server.http.errors import ProblemError
from server.http.tokens import FILE, SCOPES, TokenStore


def test_a_token_is_known_until_it_is_revoked(tmp_path: Path) -> None:
    store = TokenStore(tmp_path)
    text = store.create(["update", "query"], "curator@example.org")
    token = store.check(f"Bearer {text}")
    assert token
    assert (token.name, token.scopes) == ("curator@example.org", ("query", "update"))
    assert {scope for scope in SCOPES if token.allows(scope)} == {"query", "update"}
    assert store.check(f"bearer  {text}") == token
    store.revoke("curator@example.org")
    assert store.check(f"Bearer {text}") is None
    assert store.list() == ()


def test_the_file_holds_no_token_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "new")
    texts = [store.create(["query"], name) for name in ("one", "two")]
    path = tmp_path / "new" / FILE
    content = path.read_text()
    assert not any(text in content for text in texts)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(set(texts)) == 2
    assert all(len(text) == 43 for text in texts)  # 256 bits
    assert sorted(p.name for p in path.parent.iterdir()) == ["tokens.json", "tokens.lock"]


def test_a_running_server_sees_changes_made_elsewhere(tmp_path: Path) -> None:
    server, command = TokenStore(tmp_path), TokenStore(tmp_path)
    assert server.check("Bearer nothing") is None
    text = command.create(["admin"], "operator")
    assert server.check(f"Bearer {text}")
    command.revoke("operator")
    assert server.check(f"Bearer {text}") is None
    text = command.create(["admin"], "operator")
    assert server.check(f"Bearer {text}")
    (tmp_path / FILE).unlink()
    assert server.check(f"Bearer {text}") is None


def test_tokens_made_at_once_are_all_kept(tmp_path: Path) -> None:
    def make(number: int) -> str:
        return TokenStore(tmp_path).create(["query"], f"token-{number}")

    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(make, range(24)))
    store = TokenStore(tmp_path)
    assert len(store.list()) == 24
    assert all(store.check(f"Bearer {text}") for text in texts)


@pytest.mark.parametrize("scopes", [[], ["write"], ["query", "write"]])
def test_scopes_are_checked(tmp_path: Path, scopes: list[str]) -> None:
    with pytest.raises(KelisimError, match="query, update, admin"):
        TokenStore(tmp_path).create(scopes, "name")


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-x", "é", "x" * 65])
def test_names_are_checked(tmp_path: Path, name: str) -> None:
    with pytest.raises(KelisimError, match="no name for a token"):
        TokenStore(tmp_path).create(["query"], name)


def test_names_are_unique_and_must_exist(tmp_path: Path) -> None:
    store = TokenStore(tmp_path)
    store.create(["query"], "one")
    with pytest.raises(KelisimError, match="one already"):
        store.create(["query"], "one")
    with pytest.raises(KelisimError, match="no token named 'two'"):
        store.revoke("two")
    assert [t.name for t in store.list()] == ["one"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"tokens": [{}]}', '{"tokens": 1}', "\x80"])
def test_a_broken_file_authorizes_nobody(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    store = TokenStore(tmp_path)
    text = store.create(["query"], "one")
    assert store.check(f"Bearer {text}")
    (tmp_path / FILE).write_bytes(content.encode("latin-1"))
    assert store.check(f"Bearer {text}") is None
    assert "not a file of tokens" in caplog.text
    with pytest.raises(KelisimError, match="not a file of tokens"):
        store.list()
    with pytest.raises(KelisimError, match="not a file of tokens"):
        store.create(["query"], "two")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KelisimError, match="Cannot write"):
        TokenStore(tmp_path / "file").create(["query"], "one")


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    TokenStore(tmp_path).create(["update"], "one")
    (record,) = json.loads((tmp_path / FILE).read_text())["tokens"]
    assert (record["name"], record["scopes"], len(record["hash"])) == ("one", ["update"], 64)
    assert record["created"].endswith("+00:00")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TokenStore:
    store = TokenStore(tmp_path_factory.mktemp("tokens"))
    store.create(["query"], "one")
    return store


@given(header=st.text(st.characters(codec=None)) | st.text().map("Bearer {}".format))
def test_no_other_header_is_a_token(store: TokenStore, header: str) -> None:
    assert store.check(header) is None


def test_the_challenge_of_an_unauthorized_request(tmp_path: Path) -> None:
    store = TokenStore(tmp_path)
    text = store.create(["query"], "reader")

    def refused(header: str | None) -> tuple[int, str]:
        with pytest.raises(ProblemError) as caught:
            store.authorize(header, "update")
        challenges = caught.value.headers["WWW-Authenticate"]
        before, basic, bearer = challenges.partition('Basic realm="kelisim", charset="UTF-8", ')
        assert (before, bool(basic)) == ("", True), "Jena takes Basic first, and in one field alone"
        return caught.value.status, bearer

    assert refused(None) == (401, 'Bearer realm="kelisim"')
    assert refused("Bearer other") == (401, 'Bearer realm="kelisim", error="invalid_token"')
    lacking = (403, 'Bearer realm="kelisim", error="insufficient_scope", scope="update"')
    assert refused(f"Bearer {text}") == lacking
    assert store.authorize(f"Bearer {text}", "query").name == "reader"
