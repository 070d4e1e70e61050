"""What operators are told of keys in quarantine, and how they let one out."""

import msgspec
import pytest

from gatewatch.authority.actor import Actor
from gatewatch.control.key_hold import KeyHold
from gatewatch.control.provider_quarantine import ProviderQuarantine
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, NotFound
from tests.kit.acting import Stage

HOLD = KeyHold(
    provider="openai", key_id="main", version="aaaa", kind="refused", reason="401", since=5_000_000, until=65_000_000
)


class Refreshing:
    """A gateway that counts how often it was told to look again."""

    refreshed = 0

    def refresh(self) -> None:
        self.refreshed += 1


@pytest.fixture
def held(stage: Stage) -> Stage:
    with ControlStore.open(stage.home.control, actor="gateway") as store:
        for hold in (HOLD, msgspec.structs.replace(HOLD, key_id="spare", model="gpt-4o", kind="exhausted")):
            ProviderQuarantine(store).put(hold)
        ProviderQuarantine(store).put(msgspec.structs.replace(HOLD, provider="claude"))
    return stage


def test_the_list_says_which_why_and_since_when(held: Stage) -> None:
    assert [(each["provider"], each["key_id"], each["model"]) for each in held.do("providers.quarantine.list")] == [
        ("claude", "main", None),
        ("openai", "main", None),
        ("openai", "spare", "gpt-4o"),
    ]
    (one,) = held.do("providers.quarantine.list", name="claude")
    assert one["since"] == "1970-01-01T00:00:05.000000Z"
    assert one["until"] == "1970-01-01T00:01:05.000000Z"
    assert (one["kind"], one["reason"], one["failures"]) == ("refused", "401", 1)


def test_one_key_is_lifted_and_a_running_gateway_looks_at_once(held: Stage) -> None:
    held.gateway = gateway = Refreshing()
    lifted = held.do("providers.quarantine.lift", name="openai", key="spare")
    assert [(each["key_id"], each["kind"]) for each in lifted] == [("spare", "exhausted")]
    assert gateway.refreshed == 1
    left = [(each["provider"], each["key_id"]) for each in held.do("providers.quarantine.list")]
    assert left == [("claude", "main"), ("openai", "main")]


def test_without_a_key_all_of_the_provider_are_lifted(held: Stage) -> None:
    assert len(held.do("providers.quarantine.lift", name="openai")) == 2
    assert [each["provider"] for each in held.do("providers.quarantine.list")] == ["claude"]


def test_who_lifted_it_is_in_the_audit_trail(held: Stage) -> None:
    held.do("providers.quarantine.lift", name="claude")
    newest = held.do("audit.list", action="provider_key.quarantine.lift")[0]
    assert (newest["target"], newest["result"]) == ("claude/main", "ok")
    assert newest["actor"] != "gateway"


@pytest.mark.parametrize("asked", [{"name": "opnai"}, {"name": "openai", "key": "mian"}])
def test_what_is_not_in_quarantine_cannot_be_lifted(held: Stage, asked: dict[str, str]) -> None:
    with pytest.raises(NotFound, match="is not in quarantine"):
        held.do("providers.quarantine.lift", **asked)


def test_a_user_may_look_but_not_lift(held: Stage) -> None:
    user = Actor(id="key:abc", role="user", key_id="abcdefgh")
    assert len(held.do("providers.quarantine.list", user)) == 3
    with pytest.raises(NotAllowed):
        held.do("providers.quarantine.lift", user, name="openai")
    assert len(held.do("providers.quarantine.list")) == 3
