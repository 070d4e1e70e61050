"""Requests that must not be served: each row of the hardening table, as bytes, with the statuses that fit.

Every row ends the connection. `KEY` stands where a valid key would, so that it is the form that is refused.
"""

from typing import NamedTuple

import pytest

KEY = b"@KEY@"
BODY = b'{"model":"chat","messages":[{"role":"user","content":"hi"}]}'
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
HEADER_CAP, HEADER_COUNT_CAP, URL_CAP, BODY_CAP = 32 * 1024, 100, 8 * 1024, 64 * 1024
"""The caps that the rows are made for (the body's is smaller than the default, to be quick)."""


class BadRequest(NamedTuple):
    raw: bytes
    status: int


def post(*fields: bytes, body: bytes = BODY, line: bytes = b"POST /v1/chat/completions HTTP/1.1") -> bytes:
    """A request with these header lines and no others."""
    return b"\r\n".join((line, *fields, b"", body))


HOST = b"Host: 127.0.0.1"
AUTH = b"Authorization: Bearer " + KEY
LENGTH = b"Content-Length: %d" % len(BODY)
TE = b"Transfer-Encoding: chunked"

_TABLE: dict[str, tuple[bytes, int]] = {
    # two messages in one
    "length and chunks": (post(HOST, AUTH, LENGTH, TE, body=CHUNKED), 400),
    "chunks and length": (post(HOST, AUTH, TE, LENGTH, body=CHUNKED), 400),
    "two equal lengths": (post(HOST, AUTH, LENGTH, LENGTH), 400),
    "two different lengths": (post(HOST, AUTH, LENGTH, b"Content-Length: 5"), 400),
    "a list of lengths": (post(HOST, AUTH, b"Content-Length: %d, %d" % (len(BODY), len(BODY))), 400),
    "a signed length": (post(HOST, AUTH, b"Content-Length: +%d" % len(BODY)), 400),
    "a negative length": (post(HOST, AUTH, b"Content-Length: -1"), 400),
    "a hexadecimal length": (post(HOST, AUTH, b"Content-Length: 0x10"), 400),
    "an empty length": (post(HOST, AUTH, b"Content-Length: "), 400),
    "a length beyond 64 bits": (post(HOST, AUTH, b"Content-Length: 99999999999999999999999"), 400),
    "two codings": (post(HOST, AUTH, TE, TE, body=CHUNKED), 400),
    "gzip, chunked": (post(HOST, AUTH, b"Transfer-Encoding: gzip, chunked", body=CHUNKED), 400),
    "chunked, identity": (post(HOST, AUTH, b"Transfer-Encoding: chunked, identity", body=CHUNKED), 400),
    "an unknown coding": (post(HOST, AUTH, b"Transfer-Encoding: xchunked", body=CHUNKED), 400),
    "a coding behind a tab": (post(HOST, AUTH, b"Transfer-Encoding:\x0bchunked", body=CHUNKED), 400),
    "a blank before the colon": (post(HOST, AUTH, b"Transfer-Encoding : chunked", body=CHUNKED), 400),
    "a folded header": (post(HOST, AUTH, LENGTH, b"X-A: 1\r\n 2"), 400),
    "a folded first header": (post(b" Host: 127.0.0.1", AUTH, LENGTH), 400),
    "bare LF": (post(HOST, AUTH, LENGTH).replace(b"\r\n", b"\n"), 400),
    "one bare LF": (post(HOST, AUTH, b"X-A: 1\nX-B: 2", LENGTH), 400),
    "bare CR in a value": (post(HOST, AUTH, b"X-A: 1\rX-B: 2", LENGTH), 400),
    "NUL in a value": (post(HOST, AUTH, b"X-A: \x00", LENGTH), 400),
    "NUL in a name": (post(HOST, AUTH, b"X\x00A: 1", LENGTH), 400),
    "a header without a colon": (post(HOST, AUTH, b"nonsense", LENGTH), 400),
    "a chunk size with 0x": (post(HOST, AUTH, TE, body=b"0x3c\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    "a negative chunk size": (post(HOST, AUTH, TE, body=b"-3\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk size beyond 64 bits": (post(HOST, AUTH, TE, body=b"fffffffffffffffff\r\nabc"), 400),
    "a chunk longer than its size": (post(HOST, AUTH, TE, body=b"3\r\nabcd\r\n0\r\n\r\n"), 400),
    "a chunk that ends in LF": (post(HOST, AUTH, TE, body=b"3\nabc\n0\n\n"), 400),
    "a chunk extension with bare LF": (post(HOST, AUTH, TE, body=b"3;a\nabc\r\n0\r\n\r\n"), 400),
    # whom it is for
    "no Host": (post(AUTH, LENGTH), 400),
    "no Host in HTTP/1.0": (post(AUTH, LENGTH, line=b"POST /v1/chat/completions HTTP/1.0"), 400),
    "two Hosts": (post(HOST, b"Host: evil.example", AUTH, LENGTH), 400),
    "two equal Hosts": (post(HOST, HOST, AUTH, LENGTH), 400),
    "another Host": (post(b"Host: evil.example", AUTH, LENGTH), 421),
    "an empty Host": (post(b"Host: ", AUTH, LENGTH), 421),
    "a Host that only begins like ours": (post(b"Host: 127.0.0.1.evil.example", AUTH, LENGTH), 421),
    "a Host with a user": (post(b"Host: 127.0.0.1@evil.example", AUTH, LENGTH), 421),
    "a Host that looks like IPv6": (post(b"Host: [::ffff:127.0.0.1]", AUTH, LENGTH), 421),
    "an open bracket as Host": (post(b"Host: [", AUTH, LENGTH), 421),
    # which path
    "an absolute target": (post(HOST, AUTH, LENGTH, line=b"POST http://127.0.0.1/v1/chat/completions HTTP/1.1"), 400),
    "another gateway's target": (post(HOST, AUTH, LENGTH, line=b"GET http://evil.example/ HTTP/1.1"), 400),
    "CONNECT": (post(HOST, AUTH, line=b"CONNECT evil.example:443 HTTP/1.1", body=b""), 400),
    "OPTIONS *": (post(HOST, AUTH, line=b"OPTIONS * HTTP/1.1", body=b""), 400),
    "a path that goes up": (post(HOST, AUTH, LENGTH, line=b"POST /v1/models/../chat/completions HTTP/1.1"), 400),
    "a path that goes up, hidden": (post(HOST, AUTH, LENGTH, line=b"POST /v1/models%2f..%2fadmin HTTP/1.1"), 400),
    "hidden dots": (post(HOST, AUTH, LENGTH, line=b"POST /v1/%2E%2e/admin HTTP/1.1"), 400),
    "a hidden slash": (post(HOST, AUTH, LENGTH, line=b"POST /v1%2Fchat/completions HTTP/1.1"), 400),
    "a hidden backslash": (post(HOST, AUTH, LENGTH, line=b"POST /v1%5cchat HTTP/1.1"), 400),
    "a hidden NUL": (post(HOST, AUTH, LENGTH, line=b"POST /v1/chat/completions%00 HTTP/1.1"), 400),
    "two slashes": (post(HOST, AUTH, LENGTH, line=b"POST //v1/chat/completions HTTP/1.1"), 400),
    "a backslash": (post(HOST, AUTH, LENGTH, line=b"POST /v1\\chat HTTP/1.1"), 400),
    "a path of other bytes": (post(HOST, AUTH, LENGTH, line=b"POST /v1/ch\xc3\xa4t HTTP/1.1"), 400),
    "a relative path": (post(HOST, AUTH, LENGTH, line=b"POST v1/chat/completions HTTP/1.1"), 400),
    # how much
    "a long header": (post(HOST, AUTH, LENGTH, b"X-A: " + b"a" * 100_000), 431),
    "a header name that is long": (post(HOST, AUTH, LENGTH, b"X" * 100_000 + b": 1"), 431),
    "many headers": (post(HOST, AUTH, LENGTH, *[b"X-%d: 1" % n for n in range(1000)]), 431),
    "a long URL": (post(HOST, AUTH, LENGTH, line=b"POST /v1/" + b"a" * 200_000 + b" HTTP/1.1"), 414),
    "a long query": (post(HOST, AUTH, LENGTH, line=b"POST /v1/models?" + b"a" * 200_000 + b" HTTP/1.1"), 414),
    "a body above the cap": (post(HOST, AUTH, b"Content-Length: %d" % (BODY_CAP + 1), body=b""), 413),
    "chunks above the cap": (
        post(HOST, AUTH, TE, body=b"%x\r\n" % (BODY_CAP * 2) + b"a" * (BODY_CAP + 1)),
        413,
    ),
    # what kind
    "a gzip body": (post(HOST, AUTH, LENGTH, b"Content-Encoding: gzip"), 415),
    "a brotli body": (post(HOST, AUTH, LENGTH, b"Content-Encoding: br"), 415),
    "a body that is gzip and identity": (post(HOST, AUTH, LENGTH, b"Content-Encoding: gzip, identity"), 415),
    # which protocol
    "a websocket": (post(HOST, AUTH, LENGTH, b"Connection: Upgrade", b"Upgrade: websocket"), 400),
    "HTTP/2 with prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/2 in the line": (post(HOST, AUTH, LENGTH, line=b"POST /v1/chat/completions HTTP/2.0"), 400),
    "HTTP/9.9": (post(HOST, AUTH, LENGTH, line=b"POST /v1/chat/completions HTTP/9.9"), 400),
    "HTTP in small letters": (post(HOST, AUTH, LENGTH, line=b"POST /v1/chat/completions http/1.1"), 400),
    "a method that is none": (post(HOST, AUTH, LENGTH, line=b"STEAL /v1/chat/completions HTTP/1.1"), 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, 400),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", 400),
    # who asks
    "two Authorization headers": (post(HOST, AUTH, b"Authorization: Bearer x", LENGTH), 400),
    "two equal Authorization headers": (post(HOST, AUTH, AUTH, LENGTH), 400),
    "two x-api-key headers": (post(HOST, b"x-api-key: " + KEY, b"x-api-key: x", LENGTH), 400),
}

BAD_REQUESTS = [pytest.param(BadRequest(raw, status), id=name) for name, (raw, status) in _TABLE.items()]
