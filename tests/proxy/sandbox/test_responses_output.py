from typing import Any

import msgspec

from proxy.sandbox.demands import NONE
from proxy.sandbox.prose import key_of
from proxy.sandbox.responses_output import output_items, token_logprobs, wanted_logprobs
from proxy.sandbox.responses_request import ResponseAsked
from proxy.sandbox.said import Call, Said
from proxy.sandbox.seals import is_encrypted_content, was_stored

KEY = key_of("a request")
SAID = Said(["I th", "ink."], 2, ["Well"], [Call("f", ["{}"]), Call("g", ["{}"])], "tool_calls", False)


def asked(**fields: Any) -> ResponseAsked:
    return msgspec.convert({"model": "m", "input": "hi"} | fields, ResponseAsked)


def test_ids_say_whether_they_were_stored_and_differ() -> None:
    kept = [each.item["id"] for each in output_items(asked(), KEY, NONE, SAID)]
    gone = [each.item["id"] for each in output_items(asked(store=False), KEY, NONE, SAID)]
    assert [identity.partition("_")[0] for identity in kept] == ["rs", "msg", "fc", "fc"]
    assert len({*kept, *gone}) == 8
    assert all(map(was_stored, kept))
    assert not any(map(was_stored, gone))


def test_thoughts_are_encrypted_where_it_is_asked_for_and_follow_from_the_text() -> None:
    wanted = asked(include=["reasoning.encrypted_content"])
    first = output_items(wanted, KEY, NONE, SAID)[0].item
    assert is_encrypted_content(first["encrypted_content"])
    other = output_items(wanted, KEY, NONE, SAID._replace(thinking=["Else"]))[0].item
    assert first["encrypted_content"] != other["encrypted_content"]
    assert "encrypted_content" not in output_items(asked(), KEY, NONE, SAID)[0].item


def test_the_last_item_is_incomplete_where_the_reply_is() -> None:
    items = output_items(asked(), KEY, NONE, SAID._replace(finish="length"))
    assert [each.item.get("status") for each in items] == [None, "completed", "completed", "incomplete"]


def test_logprobs_are_wanted_by_include_or_by_their_number() -> None:
    assert wanted_logprobs(asked()) is None
    assert wanted_logprobs(asked(include=["message.output_text.logprobs"])) == 0
    assert wanted_logprobs(asked(top_logprobs=3)) == 3
    (known,) = token_logprobs(["Well"], 5, 3)
    assert (known["token"], len(known["top_logprobs"])) == ("Well", 3)
