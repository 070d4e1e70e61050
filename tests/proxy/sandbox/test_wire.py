import re

from proxy.sandbox.wire import JSON, chunk, head, http_date, new_id


def test_a_chunk_has_its_size_in_hexadecimal() -> None:
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


def test_a_head_says_how_its_body_ends() -> None:
    assert b"\r\nContent-Length: 7\r\n" in head(200, JSON, length=7)
    chunked = head(200, JSON, length=None, chunked=True)
    assert b"\r\nTransfer-Encoding: chunked\r\n" in chunked
    assert b"Content-Length" not in chunked
    neither = head(200, JSON, length=None, close=True)
    assert b"\r\nConnection: close\r\n" in neither
    assert b"chunked" not in neither


def test_a_head_says_its_status_and_the_date() -> None:
    overloaded = head(529, JSON, length=0, extra="Retry-After: 1\r\n")
    assert overloaded.startswith(b"HTTP/1.1 529 Site is overloaded\r\nDate: ")
    assert overloaded.endswith(b"\r\nRetry-After: 1\r\n\r\n")


def test_ids_differ() -> None:
    first, second = new_id(), new_id()
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_a_header_cannot_be_smuggled_in_as_unicode() -> None:
    assert head(200, JSON, length=0, extra="X-Text: \u560a\r\n").endswith(b"X-Text: ?\r\n\r\n")


def test_dates_are_those_of_http() -> None:
    assert http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"  # RFC 9110 §5.6.7
