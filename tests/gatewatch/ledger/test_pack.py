"""Packing away keeps a whole copy of the segment at every step."""

import os
from pathlib import Path

import pytest
import zstandard

from gatewatch.ledger.pack import pack
from gatewatch.ledger.segments import segments_in
from gatewatch.paths import Home
from tests.kit.journals import a_call, segment, whole


def unpacked(path: Path) -> bytes:
    return zstandard.ZstdDecompressor().decompress(path.read_bytes())


@pytest.mark.parametrize("step", ["fsync", "rename", "unlink"])
def test_a_crash_at_any_step_can_be_repeated(home: Home, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = segment(home, *[whole(a_call(n)) for n in range(50)])
    content = path.read_bytes()
    (found,) = segments_in(home.journal)

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "the machine stops here")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(OSError, match="stops"):
            pack(found, home.loaded)
    assert path.read_bytes() == content
    target = pack(found, home.loaded)
    assert unpacked(target) == content
    assert not path.exists()
    assert [each.name for each in home.loaded.iterdir()] == [target.name]


def test_an_empty_segment_can_be_packed(home: Home) -> None:
    segment(home)
    (found,) = segments_in(home.journal)
    target = pack(found, home.loaded)
    (packed,) = segments_in(home.loaded)
    assert (packed.size(), list(packed.chunks(0, None, 100)), unpacked(target)) == (0, [], b"")
