"""AWS's signatures. Oracles: the test suite that AWS published, aws-sig-v4-test-suite, and botocore's signer."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from proxy.sandbox.bedrock_signature import (
    Credential,
    Headers,
    Refused,
    Signed,
    canonical_request,
    credential,
    signature,
    string_to_sign,
    verify,
)

SUITE_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SUITE_NOW = 1_440_938_160.0
"""2015-08-30T12:36:00Z, when the suite was signed."""
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CLAUDE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def suite(signed: str, method: str, target: bytes, headers: Headers = ()) -> tuple[Signed, bytes]:
    host: Headers = [(b"host", b"example.amazonaws.com"), *headers, (b"x-amz-date", b"20150830T123600Z")]
    names = ";".join(sorted({name.decode() for name, _ in host}))
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signed}"
    )
    return Signed(method, target, host, b""), authorization.encode()


VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
SUITE: dict[str, tuple[Signed, bytes]] = {
    "get-vanilla": suite(VANILLA, "GET", b"/"),
    "post-vanilla": suite("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", "POST", b"/"),
    "get-vanilla-query-order-key-case": suite(
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", "GET", b"/?Param2=value2&Param1=value1"
    ),
    "get-relative": suite(VANILLA, "GET", b"/example/.."),
    "get-slash": suite(VANILLA, "GET", b"//"),
    "post-header-key-sort": suite(
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        "POST",
        b"/",
        [(b"my-header1", b"value1")],
    ),
}


@pytest.mark.parametrize("name", SUITE)
def test_what_aws_published_is_right(name: str) -> None:
    request, authorization = SUITE[name]
    verify(request, credential(authorization), SUITE_SECRET, "service", SUITE_NOW)


def test_every_step_is_the_published_one() -> None:
    request, authorization = SUITE["get-vanilla"]
    given = credential(authorization)
    canonical = canonical_request(request, given.signed_headers)
    assert canonical == (
        f"GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n{EMPTY}"
    )
    to_sign = string_to_sign(canonical, "20150830T123600Z", given.scope)
    assert to_sign == (
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
        "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"
    )
    assert signature(to_sign, SUITE_SECRET, given) == VANILLA


def by_botocore(path: str, body: bytes = b"{}", query: str = "", **headers: str) -> tuple[Signed, Credential, float]:
    """A request that AWS's own signer signed, its credential, and when."""
    url = f"https://bedrock-runtime.us-east-1.amazonaws.com{path}{query}"
    request = AWSRequest("POST", url, data=body, headers={"content-type": "application/json", **headers})
    SigV4Auth(ReadOnlyCredentials("AKIDEXAMPLE", SUITE_SECRET, "token", None), "bedrock", "us-east-1").add_auth(request)
    sent = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    sent.append((b"host", urlsplit(url).netloc.encode()))
    signed = Signed("POST", f"{path}{query}".encode(), sent, body)
    given = credential(next(value for name, value in sent if name == b"authorization"))
    stamp: Any = request.context["timestamp"]
    return signed, given, datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "path",
    [
        f"/model/{quote(CLAUDE, safe='')}/converse",
        "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
        "/model/a:b/converse",
        "/model/a%20b~c/converse",
        "/v1//x/../y/",
    ],
)
def test_the_path_is_escaped_twice_as_aws_does_it(path: str) -> None:
    request, given, now = by_botocore(path)
    verify(request, given, SUITE_SECRET, "bedrock", now)


def test_headers_are_trimmed_and_queries_sorted() -> None:
    request, given, now = by_botocore("/x", query="?b=2&a=1&a=0", **{"x-amz-meta": "  a   b "})
    verify(request, given, SUITE_SECRET, "bedrock", now)


@pytest.mark.parametrize(
    "changed",
    [
        {"body": b"{ }"},
        {"target": b"/model/other/converse"},
        {"method": "PUT"},
    ],
)
def test_a_changed_request_is_refused(changed: dict[str, Any]) -> None:
    request, given, now = by_botocore("/model/x/converse")
    with pytest.raises(Refused, match="The request signature we calculated does not match"):
        verify(request._replace(**changed), given, SUITE_SECRET, "bedrock", now)
    with pytest.raises(Refused, match="The request signature we calculated does not match"):
        verify(request, given, "another secret", "bedrock", now)


def test_the_time_may_be_five_minutes_off() -> None:
    request, given, now = by_botocore("/x")
    for apart in (-300, 300):
        verify(request, given, SUITE_SECRET, "bedrock", now + apart)
    for apart, words in ((301, "Signature expired"), (-301, "Signature not yet current")):
        with pytest.raises(Refused, match=words):
            verify(request, given, SUITE_SECRET, "bedrock", now + apart)


def test_a_signature_is_for_one_service_and_covers_what_matters() -> None:
    request, given, now = by_botocore("/x")
    with pytest.raises(Refused, match="correct service: 's3'"):
        verify(request, given, SUITE_SECRET, "s3", now)
    with pytest.raises(Refused, match="Date in Credential scope"):
        verify(request, given._replace(date="20200101"), SUITE_SECRET, "bedrock", now)
    for left_out in ("host", "x-amz-security-token"):
        names = [name for name in given.signed_headers if name != left_out]
        with pytest.raises(Refused, match=f"'{left_out}' must be a 'SignedHeader'"):
            verify(request, given._replace(signed_headers=names), SUITE_SECRET, "bedrock", now)
    dateless = request._replace(headers=[each for each in request.headers if each[0] != b"x-amz-date"])
    with pytest.raises(Refused, match="existence of either a 'X-Amz-Date'"):
        verify(dateless, given, SUITE_SECRET, "bedrock", now)


@pytest.mark.parametrize("given", [b"", b"AWS4-HMAC-SHA256", b"AWS4-HMAC-SHA256 Credential=a/b/c/d/e"])
def test_half_an_authorization_is_none(given: bytes) -> None:
    with pytest.raises(Refused) as caught:
        credential(given)
    assert caught.value.name == "IncompleteSignatureException"
