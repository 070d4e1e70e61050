import pytest

from benchmarks.load.streams import StreamEnd
from benchmarks.mocks.sse_upstream import HEAD, writes

STREAM = HEAD + b"".join(writes())


@pytest.mark.parametrize("size", [1, 3, 7, 100, 64 * 1024])
def test_the_end_is_found_however_the_stream_is_cut(size: int) -> None:
    end = StreamEnd()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [end.reached(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert end.whole


def test_done_in_a_chunk_of_its_own_is_seen() -> None:
    end = StreamEnd()
    assert end.reached(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    assert end.whole


def test_a_stream_that_ends_without_done_is_not_whole() -> None:
    end = StreamEnd()
    assert end.reached(b"5\r\nhello\r\n0\r\n\r\n")
    assert not end.whole
