"""Operators make keys."""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.keys import token
from tests.kit.acting import MINUTE, Stage

ADMIN = Actor(id="ada", role="admin")
USER = Actor(id="uwe", role="user")


def test_a_key_is_made_with_all_that_is_said_of_it(stage: Stage) -> None:
    made = stage.key(
        "ranker",
        project="ranking",
        service="ranker",
        environment="test",
        models=("gpt-4o",),
        routes=("chat",),
        dialects=("openai-chat",),
        networks=("10.0.0.0/8",),
        region="eu",
        data_class="confidential",
        max_uses=10,
        max_tokens=2000,
        max_picos=1_500_000_000_000,
    )
    assert token.parse(made["secret"]) == made["id"]
    assert made["secret"].startswith("gwk_sk_test_")
    shown = stage.do("keys.show", key="ranker")
    assert {name: shown[name] for name in ("project", "service", "models", "networks", "max_uses", "max_usd")} == {
        "project": "ranking",
        "service": "ranker",
        "models": ["gpt-4o"],
        "networks": ["10.0.0.0/8"],
        "max_uses": 10,
        "max_usd": "1.5",
    }
    assert (shown["region"], shown["data_class"]) == ("eu", "confidential")
    assert made["secret"][20:] not in repr(shown)


def test_a_short_lived_key_ends_by_the_clock_of_the_gateway(stage: Stage) -> None:
    made = stage.key("job", ttl_us=15 * MINUTE)
    assert made["state"] == "active"
    stage.clock.now += 15 * MINUTE
    assert stage.do("keys.show", key="job")["state"] == "expired"
    with pytest.raises(UsageError):
        stage.key("job", ttl_us=0)
    with pytest.raises(UsageError):
        stage.key("job", ttl_us=MINUTE, expires_at=stage.clock.now + MINUTE)


def test_a_secret_for_the_vault_is_in_no_answer(stage: Stage) -> None:
    made = stage.key("ci", deliver="vault", vault_name="ci-key")
    assert (made["secret"], made["vault"]) == (None, f"gatewatch/keys/{made['id']}-ci-key")
    kept = stage.vault().get(made["vault"])
    assert kept is not None
    assert token.parse(kept) == made["id"]


def test_no_other_entry_of_the_vault_is_replaced_or_told_of_and_a_key_that_fails_leaves_none(stage: Stage) -> None:
    stage.vault().set("openai", "sk-of-a-provider")
    made = [stage.key("ci", deliver="vault", vault_name="openai") for _ in range(2)]
    assert len({each["vault"] for each in made}) == 2
    for each in made:
        stage.do("keys.revoke", key=each["id"])
    before = stage.vault().names()
    assert stage.vault().get("openai") == "sk-of-a-provider"
    for name in ("gatewatch/pepper", "a b", ""):
        with pytest.raises(UsageError):
            stage.key("ci", deliver="vault", vault_name=name)
    with pytest.raises(UsageError):
        stage.key("no/slash", deliver="vault", vault_name="ci-key")
    assert stage.vault().names() == before
    assert len(stage.do("keys.list")) == 2


def test_who_may_not_copy_secrets_may_only_have_them_put_into_the_vault(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gatewatch.authority import actor as actors
    from gatewatch.authority.permissions import PERMISSIONS, Permission

    without = PERMISSIONS | {"admin": PERMISSIONS["admin"] - {Permission.KEYS_COPY}}
    monkeypatch.setattr(actors, "PERMISSIONS", without)
    asked = {"name": "ci", "team": "search", "create_team": True}
    with pytest.raises(NotAllowed, match=r"keys\.copy"):
        stage.do("keys.create", ADMIN, **asked)
    assert stage.do("keys.list") == []
    assert stage.deeds()[-1] == ("keys.create", "ci", "denied")
    assert stage.do("keys.create", ADMIN, **asked, deliver="vault", vault_name="ci")["secret"] is None


def test_a_user_makes_no_keys_and_an_admin_no_admin_keys(stage: Stage) -> None:
    for actor, kind in ((USER, "client"), (ADMIN, "admin")):
        with pytest.raises(NotAllowed):
            stage.do("keys.create", actor, name="mine", team="search", create_team=True, kind=kind)
    assert stage.deeds()[-2:] == [("keys.create", "mine", "denied")] * 2


def test_a_team_that_the_configuration_declares_needs_no_making_and_stays_its_own(stage: Stage) -> None:
    stage.key("one", team="billing", create_team=False)
    assert stage.store(lambda store: store.team("billing").managed_by) == "config"
    with pytest.raises(NotFound):
        stage.key("two", team="unheard-of", create_team=False)


def test_a_service_belongs_to_one_team(stage: Stage) -> None:
    stage.key("one", service="bot")
    with pytest.raises(UsageError, match="belongs to team 'search'"):
        stage.key("two", team="billing", service="bot")
