"""A deferred call runs as any other call does, and its reply is the one that the call would have had."""

import json

from tests.kit.deferred_stage import Stage


async def test_the_reply_is_that_of_a_direct_call_byte_for_byte(stage: Stage) -> None:
    direct = await stage.call("plain")
    reply = await stage.fetched(await stage.deferred("plain"))
    assert (reply.status, reply.body) == (200, direct.body)
    assert reply.headers["x-gatewatch-cost-usd"] == direct.headers["x-gatewatch-cost-usd"]
    assert reply.headers["x-gatewatch-provider"] == "plain"


async def test_headers_that_steer_the_provider_go_with_it(stage: Stage) -> None:
    id = await stage.deferred("plain", headers={"x-sandbox-text": json.dumps("Forty-two.")})
    assert (await stage.fetched(id)).json["choices"][0]["message"]["content"] == "Forty-two."


async def test_its_one_row_says_how_long_it_waited_and_by_what_it_was_priced(stage: Stage) -> None:
    id = await stage.deferred("plain")
    reply = await stage.fetched(id)
    row = await stage.row(id)
    assert (row["status"], row["http_status"], row["priority"], row["deferred"]) == ("ok", 200, "deferred", "standard")
    assert row["started_at"] == stage.entry(id).accepted_at
    assert 0 < row["queued_us"] < row["latency_us"]
    assert row["latency_us"] >= row["queued_us"] + row["upstream_us"]
    assert ":batch" not in row["price_row"]
    assert reply.headers["x-gatewatch-call-id"] == id
    (tried,) = stage.tries(id)
    assert 0 < tried["latency_us"] <= row["latency_us"]


async def test_an_error_of_its_own_ends_it_at_once_in_its_callers_words(stage: Stage) -> None:
    direct = await stage.call("plain", {"x-sandbox-fault": "400"})
    id = await stage.deferred("plain", headers={"x-sandbox-fault": "400"})
    reply = await stage.fetched(id)
    assert (reply.status, reply.body) == (400, direct.body)
    assert (await stage.row(id))["status"] == "error"
    assert stage.entry(id).told == "failed"


async def test_what_may_pass_is_tried_again_until_it_goes_well(stage: Stage) -> None:
    script = {"x-sandbox-script": "500,500,504,500,ok", "x-sandbox-session": "again"}
    id = await stage.deferred("plain", headers=script)
    assert (await stage.fetched(id)).status == 200
    row = await stage.row(id)
    assert row["status"] == "ok"
    assert row["attempts"] == len(stage.tries(id)) >= 3
    assert [tried["n"] for tried in stage.tries(id)] == list(range(1, row["attempts"] + 1))
    assert stage.entry(id).tries > 1


async def test_what_a_lost_try_may_have_cost_stays_in_the_row(stage: Stage) -> None:
    """The reply breaks off in its middle: the provider may well have done its work."""
    plain = await stage.fetched(await stage.deferred("plain"))
    script = {"x-sandbox-script": "reset-body,reset-body,reset-body,reset-body,ok", "x-sandbox-session": "lost"}
    id = await stage.deferred("plain", headers=script)
    reply = await stage.fetched(id)
    row = await stage.row(id)
    assert (reply.status, row["status"], row["cost_basis"]) == (200, "ok", "estimated")
    assert float(reply.headers["x-gatewatch-cost-usd"]) > float(plain.headers["x-gatewatch-cost-usd"])


async def test_a_long_reply_is_whole(stage: Stage) -> None:
    headers = {"x-sandbox-chunks": "300000"}
    direct = await stage.call("plain", headers, max_tokens=400_000)
    assert len(direct.body) > 1024 * 1024
    reply = await stage.fetched(await stage.deferred("plain", headers=headers, max_tokens=400_000))
    assert (reply.status, reply.body == direct.body) == (200, True)


async def test_it_is_translated_for_its_caller_as_any_call_is(stage: Stage) -> None:
    asked = {"path": "/v1/messages", "headers": {"anthropic-version": "2023-06-01"}}
    direct = await stage.call("plain", asked["headers"], path="/v1/messages")  # type: ignore[arg-type]
    reply = await stage.fetched(await stage.deferred("plain", **asked))
    assert reply.status == 200
    assert reply.json["content"] == direct.json["content"]
    assert reply.json["type"] == "message"
