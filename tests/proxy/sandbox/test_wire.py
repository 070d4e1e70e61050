import re

from proxy.sandbox.wire import JSON, chunk, head, http_date, limits, limits_reached


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


def test_a_head_has_openais_headers_and_an_id_of_its_own() -> None:
    first, second = head(529, JSON, length=0, extra="Retry-After: 1\r\n"), head(200, JSON, length=0)
    assert first.startswith(b"HTTP/1.1 529 Site is overloaded\r\nDate: ")
    assert first.endswith(b"\r\nRetry-After: 1\r\n\r\n")
    assert b"\r\nopenai-processing-ms: 1\r\n" in first
    ids = [re.findall(rb"x-request-id: (req_[0-9a-f]{32})\r\n", each) for each in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 1
    assert ids[0] != ids[1]


def test_a_header_cannot_be_smuggled_in_as_unicode() -> None:
    assert head(200, JSON, length=0, extra="X-Text: \u560a\r\n").endswith(b"X-Text: ?\r\n\r\n")


def test_limits_count_what_was_asked() -> None:
    assert "x-ratelimit-remaining-tokens: 1999000\r\n" in limits(1000)
    assert "x-ratelimit-reset-tokens: 30ms\r\n" in limits(1000)  # 2,000,000 a minute
    assert "x-ratelimit-remaining-requests: 0\r\n" in limits_reached("6m0s")
    assert limits_reached("6m0s").count(": 6m0s\r\n") == 2


def test_dates_are_those_of_http() -> None:
    assert http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"  # RFC 9110 §5.6.7
