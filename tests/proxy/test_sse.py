"""Frames are cut where their blank line is, however the bytes arrive."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sse import FrameCutter, FrameTooLong

CAP = 1 << 20


def cut(stream: bytes, *splits: int, cap: int = CAP) -> list[bytes]:
    """The frames of a stream that arrives in pieces which end at `splits`."""
    cutter = FrameCutter(cap)
    edges = [0, *sorted({split % (len(stream) + 1) for split in splits}), len(stream)]
    return [frame for start, end in pairwise(edges) for frame in cutter.feed(stream[start:end])]


def payload(frame: bytes) -> bytes | None:
    """The payload of a frame that arrives alone."""
    cutter = FrameCutter(CAP)
    (whole,) = cutter.feed(frame)
    return cutter.payload(whole)


# a line as a server may write it: data, several data fields, comments, bare fields, a field without a colon
LINE = st.one_of(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12).map(
        lambda text: f"data: {text}".encode()
    ),
    st.sampled_from([b": ping", b"event: message", b"id: 7", b"retry: 10", b"data", b"data:", b"nonsense"]),
)
FRAMES = st.lists(st.lists(LINE, min_size=1, max_size=4), min_size=1, max_size=6)
SPLITS = st.lists(st.integers(0, 4000), max_size=12)


@given(FRAMES, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans(), SPLITS)
def test_frames_do_not_depend_on_how_the_bytes_arrive(
    frames: list[list[bytes]], line_end: bytes, with_bom: bool, splits: list[int]
) -> None:
    written = [b"".join(line + line_end for line in lines) + line_end for lines in frames]
    stream = (b"\xef\xbb\xbf" if with_bom else b"") + b"".join(written)
    assert cut(stream, *splits) == written


@given(FRAMES, st.data(), SPLITS)
def test_with_mixed_line_ends_only_the_line_ends_depend_on_it(
    frames: list[list[bytes]], data: st.DataObject, splits: list[int]
) -> None:
    ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
    stream = b"".join(b"".join(line + data.draw(ends) for line in lines) + data.draw(ends) for lines in frames)
    whole, pieces = cut(stream + b"x"), cut(stream + b"x", *splits)
    assert [frame.splitlines() for frame in pieces] == [frame.splitlines() for frame in whole]


@given(FRAMES, st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_a_payload_is_the_data_lines_of_its_frame(frames: list[list[bytes]], line_end: bytes) -> None:
    cutter = FrameCutter(CAP)
    cut_frames = cutter.feed(b"".join(b"".join(line + line_end for line in lines) + line_end for lines in frames))
    for lines, frame in zip(frames, cut_frames, strict=True):
        fields = [line.partition(b":") for line in lines]
        values = [value.removeprefix(b" ") for name, _, value in fields if name == b"data"]
        assert cutter.payload(frame) == (b"\n".join(values) if values else None)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_the_last_frame_of_a_stream_does_not_wait_for_more(line_end: bytes) -> None:
    frame = b"data: [DONE]" + line_end * 2
    assert cut(frame) == [frame]
    assert cut(frame, *range(len(frame))) == [frame]


def test_half_a_frame_is_kept_back() -> None:
    cutter = FrameCutter(CAP)
    assert cutter.feed(b'data: {"a":1}\n\ndata: {"b"') == [b'data: {"a":1}\n\n']
    assert cutter.feed(b":2}\n") == []
    assert cutter.feed(b"\n") == [b'data: {"b":2}\n\n']


def test_a_character_split_over_reads_arrives_whole() -> None:
    frame = 'data: {"text":"\N{GRINNING FACE}\u00e9"}\n\n'.encode()
    cutter = FrameCutter(CAP)
    (whole,) = [cut_frame for byte in frame for cut_frame in cutter.feed(bytes([byte]))]
    assert json.loads(cutter.payload(whole) or b"") == {"text": "\N{GRINNING FACE}\u00e9"}


def test_a_byte_order_mark_is_dropped_once_and_only_at_the_beginning() -> None:
    mark = b"\xef\xbb\xbf"
    assert cut(mark + b"data: 1\n\n") == [b"data: 1\n\n"]
    assert cut(mark + b"data: 1\n\n", 1, 2) == [b"data: 1\n\n"]
    assert cut(mark[:2] + b"data: 1\n\n", 1, 2) == [mark[:2] + b"data: 1\n\n"]
    assert cut(b"data: 1\n\n" + mark + b"data: 2\n\n") == [b"data: 1\n\n", mark + b"data: 2\n\n"]


def test_a_bare_cr_ends_a_line_inside_a_frame_that_ends_in_lf() -> None:
    """A client reads two data lines here, so nobody may read one."""
    assert payload(b'data: {"a":\rdata: 1}\n\n') == b'{"a":\n1}'
    assert payload(b"data: [DONE]\r\n\n") == b"[DONE]"


@pytest.mark.parametrize("frame", [b": ping\n\n", b"event: ping\n\n", b"\n\n", b"datum: 1\n\n", b" data: 1\n\n"])
def test_a_frame_without_data_has_no_payload(frame: bytes) -> None:
    assert payload(frame) is None


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b"data:1\n\n", b"1"),
        (b"data:  1\n\n", b" 1"),
        (b"data\n\n", b""),
        (b"data: \n\n", b""),
        (b"event: x\ndata: 1\ndata: 2\n\n", b"1\n2"),
        (b"data: 1\r\ndata: 2\r\n\r\n", b"1\n2"),
    ],
)
def test_the_forms_of_a_data_line(frame: bytes, expected: bytes) -> None:
    assert payload(frame) == expected


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_no_more_than_the_cap_waits_for_its_end(size: int, line_end: bytes) -> None:
    endless = b"data: " + b"x" * 4990
    cutter = FrameCutter(1000)
    assert cutter.feed(b"data: 1" + line_end * 2) == [b"data: 1" + line_end * 2]
    waiting = 0
    while waiting + size <= 1000:
        assert cutter.feed(endless[waiting : waiting + size]) == []
        waiting += size
    with pytest.raises(FrameTooLong):
        cutter.feed(endless[waiting : waiting + size])


def test_what_was_whole_before_a_frame_that_is_too_long_is_not_lost() -> None:
    cutter = FrameCutter(1000)
    with pytest.raises(FrameTooLong) as too_long:
        cutter.feed(b"data: 1\n\ndata: 2\n\ndata: " + b"x" * 1000)
    assert too_long.value.before == [b"data: 1\n\n", b"data: 2\n\n"]


def test_a_frame_of_the_cap_passes() -> None:
    frame = b"data: " + b"x" * 990 + b"\n\n"
    assert cut(frame, *range(0, 1000, 10), cap=1000) == [frame]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_eight_megabytes_in_tiny_reads_end(line_end: bytes) -> None:
    """Each byte is looked at a fixed number of times: looking at all that waits with each read takes half an hour."""
    frame = b"data: " + b"x" * (8 << 20) + line_end * 2
    cutter = FrameCutter(9 << 20)
    assert [whole for at in range(0, len(frame), 64) for whole in cutter.feed(frame[at : at + 64])] == [frame]
