"""Private files: written whole, read only while private."""

import os
import stat
from pathlib import Path

import pytest

from gatewatch.vault.atomic_file import LARGEST, read_private, write_private
from gatewatch.vault.interface import VaultError


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_has_the_mode_that_was_asked_for_under_any_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_private(tmp_path / "secret", b"content", mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == mode
    assert read_private(tmp_path / "secret", "600") == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("failing", ["fsync", "fchmod"])
def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write_private(tmp_path / "secret", b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space"):
        write_private(tmp_path / "secret", b"new")
    monkeypatch.undo()
    assert read_private(tmp_path / "secret", "600") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_touch_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    write_private(path, b"content")
    path.chmod(mode)
    with pytest.raises(VaultError, match=f"mode 0{mode:o}") as refused:
        read_private(path, "600")
    assert f"chmod 600 {path}" in refused.value.next_step


def test_what_is_no_file_or_far_too_large_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(VaultError, match="not a regular file"):
        read_private(tmp_path / "pipe", "600")
    with open(tmp_path / "large", "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(VaultError, match="too large"):
        read_private(tmp_path / "large", "600")
    with pytest.raises(FileNotFoundError):
        read_private(tmp_path / "nothing", "600")
