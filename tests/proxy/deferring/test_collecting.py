"""What becomes of batches: replies at half the price, or another way."""

import httpx
import pytest

from proxy.sandbox.server import Sandbox
from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until


async def files_at(sandbox: Sandbox) -> int:
    """How many files are asked for and deleted."""
    async with httpx.AsyncClient() as client:
        stats = (await client.get(f"{sandbox.url}/__sandbox/stats?last=200")).json()
    return sum("/v1/files" in str(each) and "DELETE" in str(each) for each in stats["last"])


async def test_a_reply_out_of_a_batch_is_the_direct_one_at_half_the_price(stage: Stage) -> None:
    direct = await stage.call("chat")
    id = await stage.deferred("chat")
    reply = await stage.fetched(id)
    assert (reply.status, reply.body) == (200, direct.body)
    whole, half = (float(each.headers["x-gatewatch-cost-usd"]) for each in (direct, reply))
    assert half == pytest.approx(whole / 2)
    row = await stage.row(id)
    assert (row["status"], row["deferred"], row["attempts"]) == ("ok", "batch", 1)
    assert row["price_row"].startswith("openai/gpt-4o-mini:batch@")
    (tried,) = stage.tries(id)
    assert tried["http_status"] == 200
    assert tried["upstream_request_id"].startswith("req_")


async def test_anthropics_batches_do_as_well_in_either_dialect(stage: Stage) -> None:
    direct = await stage.call("claude")
    reply = await stage.fetched(await stage.deferred("claude"))
    assert reply.status == 200
    assert reply.json["choices"] == direct.json["choices"]
    assert reply.json["usage"] == direct.json["usage"]
    whole, half = (float(each.headers["x-gatewatch-cost-usd"]) for each in (direct, reply))
    assert half == pytest.approx(whole / 2)
    own = {"path": "/v1/messages", "headers": {"anthropic-version": "2023-06-01"}}
    direct = await stage.call("claude", own["headers"], path="/v1/messages")  # type: ignore[arg-type]
    reply = await stage.fetched(await stage.deferred("claude", **own))
    assert reply.json["content"] == direct.json["content"]
    assert reply.json["usage"]["service_tier"] == "batch"


async def test_embeddings_are_batched_too(stage: Stage) -> None:
    direct = await stage.call("embed", path="/v1/embeddings")
    reply = await stage.fetched(await stage.deferred("embed", path="/v1/embeddings"))
    assert (reply.status, reply.body) == (direct.status, direct.body)


async def test_a_line_that_the_provider_refuses_is_its_callers_error(stage: Stage) -> None:
    direct = await stage.call("bad")
    id = await stage.deferred("bad")
    reply = await stage.fetched(id)
    assert (reply.status, reply.body) == (400, direct.body)
    row = await stage.row(id)
    assert (row["status"], row["deferred"], row.get("cost_picos", 0)) == ("error", "batch", 0)
    assert row["error_kind"] == "context_length_exceeded"


async def test_a_line_that_failed_for_the_providers_reasons_runs_directly(stage: Stage) -> None:
    id = await stage.deferred("busy", "3s")
    reply = await stage.fetched(id)
    assert reply.status == 503
    kinds = [tried["error_kind"] for tried in stage.tries(id)]
    assert kinds[0] == "batch_failed"
    assert set(kinds[1:]) == {"upstream_overloaded"}


async def test_what_expired_there_runs_directly_at_the_standard_price(stage: Stage) -> None:
    id = await stage.deferred("expires")
    assert (await stage.fetched(id)).status == 200
    row = await stage.row(id)
    assert (row["deferred"], row["attempts"]) == ("standard", 2)
    assert stage.tries(id)[0]["error_kind"] == "batch_expired"


async def test_a_batch_that_is_not_done_in_time_is_left_and_counted(slow: Stage) -> None:
    """The deadline holds, at the standard price; what the batch may cost all the same stands beside it."""
    direct = await slow.call("chat")
    id = await slow.deferred("chat", "2s")
    reply = await slow.fetched(id)
    assert (reply.status, reply.body) == (200, direct.body)
    entry, row = slow.entry(id), await slow.row(id)
    assert entry.ended_at is not None
    assert entry.ended_at <= entry.deadline
    assert (row["deferred"], row["attempts"], row["cost_basis"]) == ("standard", 2, "estimated")
    alone, both = (float(each.headers["x-gatewatch-cost-usd"]) for each in (direct, reply))
    assert both > alone
    assert slow.tries(id)[0]["error_kind"] == "batch_late"


async def test_what_lies_at_the_provider_is_deleted_there(stage: Stage, sandbox: Sandbox) -> None:
    await stage.fetched(await stage.deferred("chat"))
    await until(lambda: files_at(sandbox), lambda n: n == 2)
