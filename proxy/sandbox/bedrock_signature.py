"""AWS's signatures, version 4, as a service checks them: every step of "Create a signed request" done again.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The path is what came on the wire,
escaped once more: services other than S3 do that. Texts are those of AWS's error replies.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
TOLERATED = 300.0
"""Seconds between the signature's time and ours."""

_FIELDS = re.compile(
    rf"{ALGORITHM} +Credential=([^,/ ]+)/([^,/ ]+)/([^,/ ]+)/([^,/ ]+)/([^,/ ]+), *SignedHeaders=([^, ]+), *"
    r"Signature=([0-9a-f]{64})"
)
_DATE = re.compile(r"\d{8}T\d{6}Z")
_SPACES = re.compile(r" +")

_MISMATCH_TEXT = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case."""


class Signed(NamedTuple):
    """What one request says of itself."""

    method: str
    target: bytes
    headers: Headers
    body: bytes


class Refused(Exception):
    """The name of AWS's exception, and its words."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


class Credential(NamedTuple):
    """Who signed, and for what."""

    access_key: str
    date: str
    region: str
    service: str
    end: str
    signed_headers: list[str]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.end}"


def credential(authorization: bytes) -> Credential:
    """The parts of an Authorization header. Raises Refused."""
    found = _FIELDS.fullmatch(authorization.decode("latin-1").strip())
    if found is None:
        raise Refused(
            "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
            "parameter. Authorization header requires 'SignedHeaders' parameter.",
        )
    access_key, date, region, service, end, signed, signature = found.groups()
    return Credential(access_key, date, region, service, end, signed.split(";"), signature)


def verify(request: Signed, given: Credential, secret: str, service: str, now: float) -> None:
    """Raises Refused unless `secret` signed this very request, just now and for `service`."""
    stamp = _one(request.headers, b"x-amz-date") or ""
    if not _DATE.fullmatch(stamp):
        raise Refused(
            "IncompleteSignatureException",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )
    if (given.service, given.end) != (service, "aws4_request"):
        raise Refused("InvalidSignatureException", f"Credential should be scoped to correct service: '{service}'. ")
    if given.date != stamp[:8]:
        raise Refused(
            "InvalidSignatureException",
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{given.date}' "
            f"!= '{stamp[:8]}', from '{stamp}'.",
        )
    _check_time(stamp, now)
    unsigned = {name.decode("latin-1") for name, _ in request.headers if name.startswith(b"x-amz-") or name == b"host"}
    if missing := unsigned - set(given.signed_headers):
        raise Refused(
            "InvalidSignatureException", f"'{min(missing)}' must be a 'SignedHeader' in the AWS Authorization."
        )
    to_sign = string_to_sign(canonical_request(request, given.signed_headers), stamp, given.scope)
    if not hmac.compare_digest(signature(to_sign, secret, given), given.signature):
        raise Refused("InvalidSignatureException", _MISMATCH_TEXT)


def canonical_request(request: Signed, signed_headers: Sequence[str]) -> str:
    path, _, query = request.target.decode("latin-1").partition("?")
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    lines = [f"{name}:{_values(request.headers, name.encode())}\n" for name in signed_headers]
    return "\n".join(
        (
            request.method,
            quote(_normal(path), safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(lines),
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def string_to_sign(canonical: str, stamp: str, scope: str) -> str:
    return "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))


def signature(to_sign: str, secret: str, given: Credential) -> str:
    key = f"AWS4{secret}".encode()
    for part in (given.date, given.region, given.service, given.end):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _check_time(stamp: str, now: float) -> None:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Refused(
            "IncompleteSignatureException", f"Date must be in ISO-8601 'basic format'. Got '{stamp}'."
        ) from None
    ours = _basic(now)
    if signed < now - TOLERATED:
        limit = _basic(now - TOLERATED)
        text = f"Signature expired: {stamp} is now earlier than {limit} ({ours} - 5 min.)"
        raise Refused("InvalidSignatureException", text)
    if signed > now + TOLERATED:
        text = f"Signature not yet current: {stamp} is still later than {_basic(now + TOLERATED)} ({ours} + 5 min.)"
        raise Refused("InvalidSignatureException", text)


def _basic(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def _one(headers: Headers, name: bytes) -> str | None:
    return next((value.decode("latin-1") for known, value in headers if known == name), None)


def _values(headers: Headers, name: bytes) -> str:
    """Trimmed, with single spaces, of all fields of this name in their order."""
    return ",".join(_SPACES.sub(" ", value.decode("latin-1").strip()) for known, value in headers if known == name)


def _normal(path: str) -> str:
    """Without `.`, `..` and empty segments, as RFC 3986 has it; a slash at the end stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    normal = "/" + "/".join(kept)
    return normal if normal == "/" or not path.endswith(("/", "/.", "/..")) else normal + "/"
