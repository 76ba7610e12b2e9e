"""A file is the old one or the new one, never a part."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pad import whole_file


@pytest.mark.parametrize("durable", [True, False])
def test_it_takes_the_place_of_the_one_before(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "told"
    whole_file.put(path, b"first", durable=durable)
    before = path.stat().st_ino
    whole_file.put(path, b"second", durable=durable)
    assert path.read_bytes() == b"second"
    assert path.stat().st_ino != before  # whoever has the old one open reads it to its end
    assert [file.name for file in tmp_path.iterdir()] == ["told"]


def test_its_mode_is_the_one_that_was_asked_for_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "told"
    whole_file.put(path, b"x", mode=0o604)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_where_it_cannot_be_written_the_one_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "told"
    whole_file.put(path, b"first")
    (tmp_path / "told.part").mkdir()  # root may write everywhere, but not into a folder
    with pytest.raises(OSError, match="directory"):
        whole_file.put(path, b"second")
    assert path.read_bytes() == b"first"


def test_a_name_that_is_taken_by_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "told").mkdir()
    with pytest.raises(OSError, match="directory"):
        whole_file.put(tmp_path / "told", b"x")
    assert [file.name for file in tmp_path.iterdir()] == ["told"]


def test_a_new_file_is_there_once_it_is_whole_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "told"
    with whole_file.new(path) as file:
        file.write(b"x" * 100_000)
        assert not path.exists()
    assert path.read_bytes() == b"x" * 100_000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["told"]


def test_a_new_file_takes_nobodys_place(tmp_path: Path) -> None:
    path = tmp_path / "told"
    path.write_bytes(b"first")
    with pytest.raises(FileExistsError, match="name another"), whole_file.new(path):
        raise AssertionError("nothing may be begun")
    assert path.read_bytes() == b"first"


def half_written(path: Path) -> None:
    with whole_file.new(path) as file:
        file.write(b"half")
        raise KeyError


def test_a_new_file_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        half_written(tmp_path / "told")
    assert not list(tmp_path.iterdir())
