"""An analyst finds keys in an export: whose they are, and what the policy does about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gatewatch.actions.acting import Acting
from gatewatch.actions.keys.found import FoundKeys, found
from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.keys import token
from gatewatch.keys.leaks import Reaction
from tests.kit.acting import MINUTE, Stage

ANALYST = Actor(id="uwe", role="user")


@contextmanager
def under(stage: Stage, policy: Reaction, actor: Actor = ANALYST) -> Iterator[Acting]:
    with stage.acting(actor) as acting:
        acting.leak_reaction = lambda team: policy if team == "search" else "off"
        yield acting


def rows(acting: Acting, *secrets: str) -> list[dict[str, Any]]:
    return found.run(acting, FoundKeys(secrets=secrets, source="export.jsonl"))


def test_each_key_is_named_and_what_is_good_is_flagged_in_the_trail(stage: Stage) -> None:
    app, over, gone = stage.key("app"), stage.key("over"), stage.key("gone")
    stage.do("keys.rotate", key="over", grace_us=MINUTE)
    stage.clock.now += MINUTE
    stage.do("keys.revoke", key="gone")
    stranger = token.mint("client", "live")
    with under(stage, "alert") as acting:
        told = rows(acting, app["secret"], over["secret"], gone["secret"], stranger, app["secret"])
    assert [(row["id"], row["genuine"], row["reaction"]) for row in told] == [
        (app["id"], True, "alert"),
        (over["id"], True, None),
        (gone["id"], True, None),
        (None, None, None),
    ]
    assert told[0]["name"] == "app"
    assert app["secret"][20:] not in repr(told)
    entry = stage.store(lambda store: store.audit_entries(1)[0])
    assert (entry.action, entry.actor, entry.role, entry.target) == ("key.leak", "uwe", "user", app["id"])
    assert entry.after == {
        "kid": app["id"], "mark": "in_prompt", "source": "the file export.jsonl", "reaction": "alert",
    }  # fmt: skip
    assert [deed[0] for deed in stage.deeds()].count("key.leak") == 1


def test_where_the_policy_says_so_the_key_is_ended_by_the_gateway_though_an_analyst_may_end_none(stage: Stage) -> None:
    app = stage.key("app")
    with under(stage, "revoke") as acting:
        (row,) = rows(acting, app["secret"])
        assert acting.actor == ANALYST
    assert (row["reaction"], row["state"], row["revoked_by"]) == ("revoke", "revoked", "gateway")
    with pytest.raises(NotAllowed):
        stage.do("keys.revoke", ANALYST, key="app")


def test_where_it_says_off_the_key_is_only_named(stage: Stage) -> None:
    app = stage.key("app", team="billing")
    with under(stage, "revoke") as acting:
        (row,) = rows(acting, app["secret"])
    assert (row["id"], row["reaction"], row["state"]) == (app["id"], None, "active")
    assert "key.leak" not in [deed[0] for deed in stage.deeds()]


def test_an_invented_secret_of_a_real_key_flags_nothing(stage: Stage) -> None:
    app = stage.key("app")
    with_its_id = app["secret"][:20] + token.mint("client", "live")[20:63]
    forged = with_its_id + token._checksum(with_its_id)
    with under(stage, "revoke") as acting:
        (row,) = rows(acting, forged)
    assert (row["id"], row["genuine"], row["reaction"], row["state"]) == (app["id"], False, None, "active")


def test_another_teams_key_is_not_told_and_not_touched(stage: Stage) -> None:
    app = stage.key("app")
    with under(stage, "revoke", Actor(id="key:x", role="user", team="billing")) as acting:
        (row,) = rows(acting, app["secret"])
    assert row == {"kid": app["id"], "id": None, "genuine": None, "reaction": None}
    assert stage.do("keys.show", key="app")["state"] == "active"


def test_what_is_no_secret_or_too_many_is_refused_and_not_repeated(stage: Stage) -> None:
    stage.key("app")
    secret = "sk-proj-abcdefghijklmnop1234567890"
    for secrets in ([secret], [secret] * 1001):
        with pytest.raises(UsageError) as refused:
            stage.do("keys.found", secrets=secrets, source="x")
        assert "abcdefgh" not in str(refused.value)
    assert secret not in repr(FoundKeys(secrets=(secret,), source="x"))
