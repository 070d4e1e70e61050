"""A record is read whole or not at all."""

import io
import os

import pytest
import zstandard

from gatewatch.bodies.record import Broken, Head, Packer, records, unpacked, written


def head(n: int, data: bytes) -> Head:
    return Head(call_id=f"c{n}", started_at=n, kind="request", size=9, kept=7, stored=len(data), redacted={"secret": n})


def three() -> tuple[list[Head], list[bytes], bytes]:
    """Records whose compressed text holds newlines and braces, as binary data does."""
    texts = [b'{"a":1}', os.urandom(3000), b'\n{"call_id":"x"}\n' * 20]
    data = [Packer()(text) for text in texts]
    heads = [head(n, each) for n, each in enumerate(data)]
    return heads, texts, b"".join(written(*each) for each in zip(heads, data, strict=True))


def test_what_was_written_is_found_and_unpacked() -> None:
    heads, texts, raw = three()
    found = list(records(io.BytesIO(raw), 0, len(raw)))
    assert [placed.head for placed, _ in found] == heads
    assert [unpacked(raw[placed.offset : placed.offset + placed.head.stored]) for placed, _ in found] == texts
    assert found[-1][1] == len(raw)


def test_a_file_cut_at_any_byte_gives_whole_records_only() -> None:
    heads, _, raw = three()
    ends = [behind for _, behind in records(io.BytesIO(raw), 0, len(raw))]
    for size in range(len(raw)):
        found = list(records(io.BytesIO(raw[:size]), 0, size))
        assert [placed.head for placed, _ in found] == heads[: sum(end <= size for end in ends)]


def test_reading_goes_on_where_it_ended() -> None:
    heads, _, raw = three()
    (_, first), *_ = records(io.BytesIO(raw), 0, len(raw))
    assert [placed.head for placed, _ in records(io.BytesIO(raw), first, len(raw))] == heads[1:]


@pytest.mark.parametrize("noise", [b"x" * 5000, b"{}\n", b'{"call_id":1}\nxx', b"\x00\x01\n\n"])
def test_what_is_no_record_is_said(noise: bytes) -> None:
    with pytest.raises(Broken):
        list(records(io.BytesIO(noise), 0, len(noise)))


def test_a_record_that_lost_its_end_is_said() -> None:
    data = Packer()(b"{}")
    raw = written(head(1, data), data)[:-1] + b"x" + b"more"
    with pytest.raises(Broken):
        list(records(io.BytesIO(raw), 0, len(raw)))


@pytest.mark.parametrize("data", [b"", b"no zstd", Packer()(b"abc" * 100)[:-5]])
def test_text_that_cannot_be_unpacked_is_said(data: bytes) -> None:
    with pytest.raises(Broken):
        unpacked(data)


def test_a_file_does_not_unpack_to_any_size() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(65 * 2**20))
    assert len(bomb) < 10_000
    with pytest.raises(Broken):
        unpacked(bomb)
