"""The packaged dataset, kept on disk once it is built."""

from pathlib import Path

import pytest

from kg import build, read_curation
from kg.curation import built, kept
from kg.curation.built import packaged_dataset


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "kelisim"


def test_it_is_the_same_as_what_is_built(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build(read_curation())
    assert packaged_dataset() == whole
    (file,) = cache.glob("*")
    assert file.stat().st_mode & 0o077 == 0, "nobody else may read or write it"
    with monkeypatch.context() as patched:
        patched.setattr(built, "build", None)
        read = packaged_dataset()
    assert (read, read.digest) == (whole, whole.digest)


@pytest.mark.parametrize("damage", [b"", b"\n", b"0" * 64, b"x\ny\n"])
def test_a_damaged_file_is_built_anew(cache: Path, damage: bytes) -> None:
    whole = packaged_dataset()
    (file,) = cache.glob("*")
    content = file.read_bytes()
    for wrong in (damage, content[: len(content) // 2], content.replace(b"astana", b"almaty", 1)):
        file.write_bytes(wrong)
        assert packaged_dataset() == whole
        assert file.read_bytes() == content


def test_other_code_or_data_make_another(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged_dataset()
    for number in range(6):
        name = f"{number:032}"
        monkeypatch.setattr(kept, "name", lambda name=name: name)
        packaged_dataset()
        assert cache.joinpath(f"dataset-{name}.nq").exists()
    assert len([*cache.glob("*")]) == 4, "old ones are removed"


def test_a_cache_that_cannot_be_written_costs_time_only(cache: Path) -> None:
    cache.write_text("a file, where a folder should be", encoding="utf-8")
    assert packaged_dataset().digest == build(read_curation()).digest
