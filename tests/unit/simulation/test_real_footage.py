"""Real files that stand in for rendered ones."""

import pytest

from tabard.kernel.errors import NotFound
from tabard.simulation.real_footage import real_footage


def test_every_video_file_is_found_in_order_whatever_is_in_it(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.MP4", "deep/a.avi", "deep/er/c.mkv", "notes.txt", "deep/clip.json"):
        (tmp_path / name).write_bytes(b"")
    found = [path.relative_to(tmp_path).as_posix() for path in real_footage(tmp_path)]
    assert found == ["b.MP4", "deep/a.avi", "deep/er/c.mkv"]


def test_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"x")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.mp4").symlink_to(outside)
    assert list(real_footage(folder)) == []


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(NotFound):
        next(real_footage(tmp_path / "nowhere"))
