"""An admin API that misbehaves: what an operator is told, and what never happens."""

import json

import pytest

from gatewatch.rotation.parts import AdminRefused, NoAnswer
from proxy.control.minting import admin_api
from proxy.control.minting.admin_api import AdminApi, Gone, objects_of, text_of
from tests.kit.scripted_upstream import Conversation, scripted_upstream

SECRET = "canary-of-the-administrator-0123456789"


def reply(status: int, body: object, *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = "".join(f"{line}\r\n" for line in (*headers, f"content-length: {len(content)}"))
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content


async def refused(answer: bytes, *, allow_private: bool = True) -> AdminRefused:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(answer)
        conversation.close()

    async with scripted_upstream(script) as upstream:
        api = AdminApi("openai", upstream.url, {"authorization": f"Bearer {SECRET}"}, allow_private=allow_private)
        with pytest.raises(AdminRefused) as error:
            await api.ask("GET", "/keys")
    assert SECRET not in str(error.value)
    return error.value


async def test_what_it_says_is_told_without_the_key_that_it_repeats() -> None:
    error = await refused(reply(401, {"error": {"message": f"no such key: {SECRET}"}}))
    assert "answered 401: no such key: [secret]" in error.title
    assert error.next_step == "set providers.openai.admin.key again"


async def test_a_redirect_is_not_followed() -> None:
    assert "answered 302" in (await refused(reply(302, {}, "location: http://127.0.0.1:1/"))).title


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"text"', b"", b"[" * 100_000, b"\xff"])
async def test_what_is_no_json_object_is_an_error(body: bytes) -> None:
    assert "what is no JSON object" in (await refused(reply(200, body))).title


async def test_a_connection_that_breaks_is_an_error() -> None:
    assert "broke off" in (await refused(b"")).title


@pytest.mark.parametrize(
    ("answer", "may_be_done"),
    [
        (b"", True),
        (b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n{", True),
        (reply(200, b"<html>"), True),
        (reply(502, {}), True),
        (reply(400, {}), False),
        (reply(403, {}), False),
    ],
)
async def test_what_may_have_been_done_all_the_same_is_told_apart(answer: bytes, may_be_done: bool) -> None:
    assert isinstance(await refused(answer), NoAnswer) is may_be_done


async def test_what_was_never_asked_was_not_done() -> None:
    nowhere = AdminApi("openai", "http://127.0.0.1:1", {}, allow_private=True)
    with pytest.raises(AdminRefused, match="cannot be reached") as refused:
        await nowhere.ask("POST", "/keys", {})
    assert not isinstance(refused.value, NoAnswer)


async def test_an_answer_that_takes_too_long_may_still_come_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_api, "SECONDS", 0.05)

    async def silent(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.gone()

    async with scripted_upstream(silent) as upstream:
        with pytest.raises(NoAnswer, match="did not answer within"):
            await AdminApi("openai", upstream.url, {}, allow_private=True).ask("POST", "/keys", {})


async def test_a_private_address_is_not_asked_unless_that_is_meant() -> None:
    async def never(conversation: Conversation) -> None:
        raise AssertionError("it was asked")

    async with scripted_upstream(never) as upstream:
        api = AdminApi("openai", upstream.url, {"authorization": f"Bearer {SECRET}"})
        with pytest.raises(AdminRefused, match="not a public address"):
            await api.ask("GET", "/keys")


async def test_what_is_not_there_is_told_apart() -> None:
    assert isinstance(await refused(reply(404, {})), Gone)


def test_a_reply_that_lacks_what_it_must_have_is_an_error_that_repeats_nothing() -> None:
    with pytest.raises(AdminRefused, match="has no value") as error:
        text_of({"value": 5, "key": SECRET}, "value")
    assert SECRET not in str(error.value)
    with pytest.raises(AdminRefused, match="has no data"):
        objects_of({"data": {}})
    assert objects_of({"data": [{}, 1, {"a": 2}]}) == [{}, {"a": 2}]
