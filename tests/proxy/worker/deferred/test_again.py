"""A call is put together again as it was when it was taken, with its key as it is now."""

from gatewatch.control.records import now_us
from gatewatch.control.store import ControlStore
from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until

HOUR_US = 3_600_000_000


async def test_it_is_the_same_call(stage: Stage) -> None:
    tags = {"x-gatewatch-tags": '{"feature":"night","team_of":"ops"}', "user-agent": "app/1"}
    id = await stage.deferred("plain", headers=tags, user="ann", temperature=0.5)
    await stage.fetched(id)
    row = await stage.row(id)
    assert (row["feature"], row["user"], row["client"]) == ("night", "ann", "app/1")
    assert row["tags"] == {"team_of": "ops"}
    assert row["params"]["temperature"] == 0.5
    assert (row["team"], row["key_name"], row["source"]) == ("search", "app", "127.0.0.1")


async def test_a_key_that_expired_meanwhile_has_begun_its_call(stage: Stage) -> None:
    secret = stage.key("short", expires_at=now_us() + 300_000)
    stage.defer(gather=400_000)
    id = await stage.deferred(secret=secret)
    await until(lambda: stage.call("plain", secret=secret), lambda reply: reply.status == 401)
    assert stage.entry(id).told == "queued"
    assert (await stage.fetched(id)).status == 200


async def test_a_key_may_lose_a_dialect_meanwhile(stage: Stage) -> None:
    secret = stage.key("speaks")
    stage.defer(gather=300_000)
    id = await stage.deferred(secret=secret)
    with ControlStore.open(stage.home.control) as store:
        store.edit_key(stage.key_id("speaks"), {"dialects": ("anthropic-messages",)})
    reply = await stage.fetched(id)
    assert (reply.status, reply.json["error"]["code"]) == (403, "dialect_not_allowed")
