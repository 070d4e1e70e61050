"""Keys of Bedrock at an IAM that is as strict as AWS's: signatures are checked, replies are XML.

The judge of that IAM is botocore's own client; what it cannot do, ours is not asked for.
"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from gatewatch.rotation.parts import AdminRefused
from proxy.control.minting.admin_api import AdminApi
from proxy.control.minting.bedrock import BASE_URL, CONTENT_TYPE, IN_GOVCLOUD, REGION, BedrockKeys
from proxy.sandbox.bedrock_signature import Refused, Signed, credential, verify
from proxy.worker.sigv4 import SigV4
from tests.kit.scripted_upstream import Conversation, Received, scripted_upstream

ACCESS_KEY, SECRET_KEY = "AKIASANDBOX000000000", "canary+of/the/administrator/0123456789ab"
NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


class Credential(NamedTuple):
    id: str
    alias: str
    secret: str
    days: str | None
    status: str = "Active"


class No(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.answer = status, code, message


class Iam:
    """One account with the users `gateway` and `other`."""

    def __init__(self) -> None:
        self.users: dict[str, list[Credential]] = {"gateway": [], "other": []}
        self.asked: list[str] = []
        self.made = 0

    async def speak(self, conversation: Conversation) -> None:
        status, body = self.answer(await conversation.request())
        head = f"HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\ncontent-length: {len(body)}\r\n\r\n"
        conversation.send(head.encode() + body)
        conversation.close()

    def answer(self, request: Received) -> tuple[int, bytes]:
        try:
            self._check_signature(request)
            asked = {name: values[0] for name, values in parse_qs(request.body.decode(), strict_parsing=True).items()}
            deed = asked.pop("Action")
            if asked.pop("Version") != "2010-05-08" or deed not in DEEDS:
                raise No(400, "InvalidAction", f"Could not find operation {deed}")
            if asked["UserName"] not in self.users:
                raise No(404, "NoSuchEntity", f"The user with name {asked['UserName']} cannot be found.")
            self.asked.append(deed)
            said = DEEDS[deed](self, asked)
        except No as no:
            status, code, message = no.answer
            error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
            return status, f'<ErrorResponse xmlns="{NAMESPACE}"><Error>{error}</Error></ErrorResponse>'.encode()
        result = "" if said is None else f"<{deed}Result>{said}</{deed}Result>"
        told = "<ResponseMetadata><RequestId>r1</RequestId></ResponseMetadata>"
        return 200, f'<{deed}Response xmlns="{NAMESPACE}">{result}{told}</{deed}Response>'.encode()

    def _check_signature(self, request: Received) -> None:
        method, target, _ = request.line.split()
        headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
        try:
            given = credential(request.headers["authorization"].encode())
            if given.access_key != ACCESS_KEY or given.region != "us-east-1":
                raise No(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
            verify(Signed(method, target.encode(), headers, request.body), given, SECRET_KEY, "iam", time.time())
        except Refused as refused:
            raise No(403, "SignatureDoesNotMatch", refused.message) from None
        assert request.headers["content-type"] == CONTENT_TYPE
        assert "content-type" in given.signed_headers

    def create(self, asked: dict[str, str]) -> str:
        keys = self.users[asked["UserName"]]
        if asked["ServiceName"] != "bedrock.amazonaws.com":
            raise No(404, "NotSupportedService", "no such service")
        if len(keys) >= 2:
            raise No(409, "LimitExceeded", "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2")
        self.made += 1
        alias = f"{asked['UserName']}+{self.made}-at-123456789012"
        secret = "ABSK" + base64.b64encode(f"{alias}:{self.made:040d}".encode()).decode()
        key = Credential(f"ACCAEXAMPLE{self.made:010d}", alias, secret, asked.get("CredentialAgeDays"))
        keys.append(key)
        shown = f"{_described(asked['UserName'], key)}<ServiceCredentialSecret>{secret}</ServiceCredentialSecret>"
        return f"<ServiceSpecificCredential>{shown}</ServiceSpecificCredential>"

    def list(self, asked: dict[str, str]) -> str:
        assert asked["ServiceName"] == "bedrock.amazonaws.com"
        user = asked["UserName"]
        members = "".join(f"<member>{_described(user, key)}</member>" for key in self.users[user])
        listed = f"<ServiceSpecificCredentials>{members}</ServiceSpecificCredentials>"
        return f"{listed}<IsTruncated>false</IsTruncated>"

    def delete(self, asked: dict[str, str]) -> None:
        keys, id = self.users[asked["UserName"]], asked["ServiceSpecificCredentialId"]
        if id not in [key.id for key in keys]:
            raise No(404, "NoSuchEntity", f"Service-specific credential {id} not found.")
        keys[:] = [key for key in keys if key.id != id]


DEEDS: dict[str, Any] = {
    "CreateServiceSpecificCredential": Iam.create,
    "ListServiceSpecificCredentials": Iam.list,
    "DeleteServiceSpecificCredential": Iam.delete,
}


def _described(user: str, key: Credential) -> str:
    ends = date(2026, 1, 1) + timedelta(days=int(key.days or 0))
    end = f"<ExpirationDate>{ends}T00:00:00Z</ExpirationDate>" if key.days else ""
    return (
        f"<CreateDate>2026-01-01T00:00:00Z</CreateDate>{end}<ServiceName>bedrock.amazonaws.com</ServiceName>"
        f"<ServiceCredentialAlias>{key.alias}</ServiceCredentialAlias><UserName>{user}</UserName>"
        f"<ServiceSpecificCredentialId>{key.id}</ServiceSpecificCredentialId><Status>{key.status}</Status>"
    )


def client_of_aws(url: str, secret_key: str = SECRET_KEY) -> Any:
    return Session().create_client(
        "iam", region_name="us-east-1", endpoint_url=url, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=secret_key
    )


class Account(NamedTuple):
    iam: Iam
    keys: BedrockKeys
    url: str

    def by_hand(self, user: str = "gateway", days: str | None = None) -> Credential:
        self.iam.create({"UserName": user, "ServiceName": "bedrock.amazonaws.com"} | _given(days))
        return self.iam.users[user][-1]


def _given(days: str | None) -> dict[str, str]:
    return {} if days is None else {"CredentialAgeDays": days}


@asynccontextmanager
async def account(user: str = "gateway", secret: str = SECRET_KEY, days: int | None = None) -> AsyncIterator[Account]:
    iam = Iam()
    async with scripted_upstream(iam.speak) as upstream:
        url = upstream.url.removesuffix("/v1")
        signer = SigV4(REGION, f"{ACCESS_KEY}:{secret}", "iam", CONTENT_TYPE)
        yield Account(iam, BedrockKeys(AdminApi("bedrock", url, {}, allow_private=True), signer, user, days), url)


async def test_a_minted_key_is_a_second_one_until_the_old_one_is_deleted() -> None:
    async with account() as (iam, keys, _):
        old = (await keys.mint("rot_1", None)).secret
        minted = await keys.mint("rot_2", old)
        assert [key.secret for key in iam.users["gateway"]] == [old, minted.secret]
        assert await keys.identify(minted.secret) == minted.id
        id = await keys.identify(old)
        assert id
        await keys.revoke(id)
        await keys.revoke(id)
        assert [key.id for key in iam.users["gateway"]] == [minted.id]


async def test_where_no_place_is_free_that_is_told_before_anything_is_made() -> None:
    async with account() as made:
        used, spare = made.by_hand(), made.by_hand()
        with pytest.raises(AdminRefused, match="has 2 keys of Bedrock, and may have 2") as refused:
            await made.keys.mint("rot_1", used.secret)
        assert f"{used.id} (the one in use, of 2026-01-01), {spare.id} (Active" in refused.value.title
        assert refused.value.next_step.endswith(f"--user-name gateway --service-specific-credential-id {spare.id}")
        assert made.iam.asked == ["ListServiceSpecificCredentials"]
        with pytest.raises(AdminRefused) as unclear:
            await made.keys.mint("rot_1", "a key that is not known")
        assert unclear.value.next_step.endswith("-id ID"), "either may be in use"


async def test_the_new_key_lasts_as_long_as_the_old_one_was_made_for_unless_that_is_said() -> None:
    async with account() as made:
        await made.keys.mint("rot_1", made.by_hand(days="59").secret)
        assert made.iam.users["gateway"][-1].days == "59"
        made.iam.users["gateway"].clear()
        await made.keys.mint("rot_2", made.by_hand().secret)
        assert [key.days for key in made.iam.users["gateway"]] == [None, None]
    async with account(days=30) as made:
        await made.keys.mint("rot_3", made.by_hand(days="59").secret)
        assert made.iam.users["gateway"][-1].days == "30"


async def test_a_key_of_another_user_is_neither_ended_nor_replaced_by_one_that_may_last_longer() -> None:
    async with account() as made:
        theirs = made.by_hand("other", days="59")
        assert await made.keys.identify(theirs.secret) is None
        with pytest.raises(AdminRefused, match="is none of the IAM user gateway"):
            await made.keys.mint("rot_1", theirs.secret)
        for nonsense in ("", "ABSK", "ABSK!!!", "ABSK" + base64.b64encode(b"\xff:x").decode(), "sk-proj-1"):
            assert await made.keys.identify(nonsense) is None


async def test_what_iam_refuses_is_told_without_secrets() -> None:
    async with account(secret="another+secret/of/the/administrator012345") as (_, keys, _url):
        with pytest.raises(AdminRefused, match="answered 401 SignatureDoesNotMatch") as refused:
            await keys.identify("x")
        assert refused.value.next_step == "set providers.bedrock.admin.key again"
        assert "another+secret" not in str(refused.value)
    async with account(user="nobody") as (_, keys, _url):
        with pytest.raises(AdminRefused, match="The user with name nobody cannot be found"):
            await keys.mint("rot_1", None)


@pytest.mark.parametrize("body", [b"", b"<html>canary", b"{}", b"\xff", b"<a><b>canary</b></a>"])
async def test_what_is_no_reply_of_iam_is_an_error_that_repeats_nothing(body: bytes) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        conversation.close()

    async with scripted_upstream(script) as upstream:
        signer = SigV4(REGION, f"{ACCESS_KEY}:{SECRET_KEY}", "iam", CONTENT_TYPE)
        keys = BedrockKeys(AdminApi("bedrock", upstream.url, {}, allow_private=True), signer, "gateway")
        with pytest.raises(AdminRefused) as refused:
            await keys.identify("x")
    assert "canary" not in str(refused.value)


async def test_awss_own_client_understands_that_iam_and_agrees_with_ours() -> None:
    """The scripted IAM is only worth something as an oracle while this holds."""
    async with account() as (iam, keys, url):
        aws = client_of_aws(url)
        asked = {"UserName": "gateway", "ServiceName": "bedrock.amazonaws.com"}
        made = await asyncio.to_thread(aws.create_service_specific_credential, **asked, CredentialAgeDays=59)
        key = made["ServiceSpecificCredential"]
        assert await keys.identify(key["ServiceCredentialSecret"]) == key["ServiceSpecificCredentialId"]
        minted = await keys.mint("rot_1", key["ServiceCredentialSecret"])
        listed = (await asyncio.to_thread(aws.list_service_specific_credentials, **asked))["ServiceSpecificCredentials"]
        assert [each["ServiceSpecificCredentialId"] for each in listed] == [
            key["ServiceSpecificCredentialId"], minted.id,
        ]  # fmt: skip
        assert iam.users["gateway"][1].days == str((key["ExpirationDate"] - key["CreateDate"]).days)
        with pytest.raises(ClientError, match="LimitExceeded"):
            await asyncio.to_thread(aws.create_service_specific_credential, **asked)
        await asyncio.to_thread(
            aws.delete_service_specific_credential, UserName="gateway", ServiceSpecificCredentialId=minted.id
        )
        await keys.revoke(minted.id)
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            await asyncio.to_thread(client_of_aws(url, "x" * 40).list_service_specific_credentials, **asked)


@pytest.mark.parametrize(("region", "ours"), [("eu-west-1", (REGION, BASE_URL)), ("us-gov-west-1", IN_GOVCLOUD)])
def test_iam_is_where_awss_own_client_finds_it(region: str, ours: tuple[str, str]) -> None:
    client = Session().create_client(
        "iam", region_name=region, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY
    )
    seen: list[tuple[str, str]] = []

    def look(request: Any, **_: Any) -> Any:
        given = credential(request.headers["Authorization"])
        seen.append((given.region, request.url.rstrip("/")))
        raise InterruptedError

    client.meta.events.register("before-send.iam", look)
    with pytest.raises(InterruptedError):
        client.list_service_specific_credentials()
    assert seen == [ours]
