"""The door of Bedrock; the oracle for signatures is AWS's own client."""

import pytest
from botocore.exceptions import ClientError

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request
from tests.proxy.sandbox.aws import TEMPORARY, bedrock, post


async def test_a_signed_request_is_answered(sandbox: Sandbox) -> None:
    async with bedrock(sandbox) as client:
        assert (await client.converse())["stopReason"] == "end_turn"
        assert len(await client.stream()) > 5
    async with bedrock(sandbox, TEMPORARY, token="a/session+token==") as client:
        assert (await client.converse())["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    ("credentials", "name"),
    [
        ({"secret": "some/other/secret"}, "InvalidSignatureException"),
        ({"access_key": "AKIDEXAMPLE"}, "UnrecognizedClientException"),
        ({"access_key": TEMPORARY}, "UnrecognizedClientException"),
        ({"token": "of-a-lasting-key"}, "UnrecognizedClientException"),
        ({"access_key": TEMPORARY, "token": "expired-long-ago"}, "ExpiredTokenException"),
    ],
)
async def test_a_signature_that_is_wrong_is_refused_as_aws_does(
    sandbox: Sandbox, credentials: dict[str, str], name: str
) -> None:
    async with bedrock(sandbox, **credentials) as client:
        with pytest.raises(ClientError) as caught:
            await client.converse()
    assert caught.value.response["Error"]["Code"] == name
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def refusal(reply: RawReply) -> tuple[int, str, object]:
    return reply.status, reply.headers["x-amzn-errortype"].partition(":")[0], reply.json


async def test_an_api_key_will_do_but_a_bad_one(sandbox: Sandbox) -> None:
    assert (await post(sandbox)).status == 200
    bad = refusal(await post(sandbox, headers={"Authorization": "Bearer bad-key"}))
    words = {"Message": "Authentication failed: Please make sure your API Key is valid."}
    assert bad == (403, "AccessDeniedException", words)
    assert refusal(await post(sandbox, headers={"x-sandbox-fault": "401"})) == bad
    none = refusal(await post(sandbox, headers={"Authorization": ""}))
    assert none == (403, "MissingAuthenticationTokenException", {"message": "Missing Authentication Token"})


async def test_what_is_not_there_has_no_operation(sandbox: Sandbox) -> None:
    for method, path in (("GET", "/model/x/converse"), ("POST", "/model/x/y/converse"), ("POST", "/model/x")):
        reply = await ask(sandbox.port, request(method, path, b"{}"))
        assert refusal(reply)[:2] == (404, "UnknownOperationException")


async def test_a_reply_has_its_ids_and_no_rate_limits(sandbox: Sandbox) -> None:
    headers = (await post(sandbox)).headers
    assert len(headers["x-amzn-requestid"]) == 36
    assert headers["x-amzn-bedrock-invocation-latency"]
    limited = await post(sandbox, headers={"x-sandbox-fault": "429-reset"})
    assert limited.status == 429
    assert not {"retry-after", "x-ratelimit-reset-requests"} & limited.headers.keys()


async def test_what_is_no_json_is_said_so(sandbox: Sandbox) -> None:
    assert refusal(await post(sandbox, body=b"{"))[:2] == (400, "SerializationException")
