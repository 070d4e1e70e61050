"""What is wrong with a request's head, if anything: framing that two readers could understand differently, a Host that
is not ours, a path that is not in its plain form.
"""

import re

from proxy.http_server.bounds import Bounds
from proxy.refusal import Refusal, bad_request, too_large

_PLAIN_PATH = re.compile(rb"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*\Z")
_TRICKS = re.compile(rb"(?i)\.\.|//|%2f|%5c|%00|%2e")
_MODEL = b"/v1/models/"
"""A model's name follows, in which the SDKs escape slashes; it is never taken for a path."""
_ESCAPED_SLASH = re.compile(rb"(?i)%2f")
_ONCE = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key"}
)

Headers = dict[bytes, bytes]


def check_head(target: bytes, headers: Headers, repeated: set[bytes], bounds: Bounds) -> Refusal | None:
    """The first thing that is wrong. `repeated` names the headers that came more than once."""
    path = target.partition(b"?")[0]
    if not _PLAIN_PATH.match(path):
        return bad_request("invalid_target", "The request target is not a plain path.", close=True)
    if _TRICKS.search(_ESCAPED_SLASH.sub(b"-", path) if path.startswith(_MODEL) else path):
        return bad_request("invalid_path", "The path is not in its plain form.", close=True)
    if repeated and (twice := repeated & _ONCE):
        name = min(twice).decode()
        code = {"host": "invalid_host", "content-length": "invalid_framing", "transfer-encoding": "invalid_framing"}
        return bad_request(code.get(name, "two_keys"), f"The header {name} is there twice.", close=True)
    host = headers.get(b"host")
    if host is None:
        return bad_request("invalid_host", "A request needs a Host header.", close=True)
    if bounds.hosts is not None and host_name(host) not in bounds.hosts:
        return Refusal(421, "unknown_host", "This gateway is not served under that Host.", close=True)
    if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
        return Refusal(415, "unsupported_encoding", "Compressed request bodies are not served.", close=True)
    length, coding = headers.get(b"content-length"), headers.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:
            return bad_request("invalid_framing", "The length of the body is stated twice.", close=True)
        if coding.lower() != b"chunked":
            return bad_request("invalid_framing", "Only chunked transfer encoding is served.", close=True)
    elif length is not None and int(length) > bounds.caps.body_bytes:
        return too_large(bounds.caps.body_bytes)
    return None


def host_name(value: bytes) -> bytes:
    """A Host header without its port, lower case."""
    value = value.lower()
    if value.startswith(b"["):
        return value[: value.find(b"]") + 1]
    return value.partition(b":")[0]
