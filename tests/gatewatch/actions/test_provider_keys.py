"""Keys of providers: put into the vault with a permission, and never seen again."""

import pytest

from gatewatch.actions.provider_keys import SetProviderKey
from gatewatch.authority.actor import Actor
from gatewatch.errors import GatewatchError, NotAllowed
from tests.kit.acting import Stage

SECRET = "plain-canary-7f3a"


class Refreshing:
    """A gateway that counts how often it was told to look again."""

    refreshed = 0

    def refresh(self) -> None:
        self.refreshed += 1


def test_a_key_is_kept_told_as_a_version_and_taken_by_a_running_gateway(stage: Stage) -> None:
    stage.gateway = gateway = Refreshing()
    assert stage.do("providers.set_key", name="openai", secret=SECRET) == {
        "name": "openai", "version": 1, "vault": "file", "taken": True,
    }  # fmt: skip
    stage.do("providers.set_key", name="openai", secret=SECRET + "2")
    assert stage.vault().get("openai") == SECRET + "2"
    assert gateway.refreshed == 2
    newest, oldest = stage.do("audit.list", action="provider_key.set")
    assert (oldest["before"], oldest["after"]) == (None, {"version": 1})
    assert (newest["before"], newest["after"]) == ({"version": 1}, {"version": 2})
    assert SECRET not in repr(SetProviderKey(name="openai", secret=SECRET))


def test_who_may_not_is_refused_and_told_without_the_secret(stage: Stage) -> None:
    with pytest.raises(NotAllowed):
        stage.do("providers.set_key", Actor(id="key:a", role="admin", key_id="a"), name="openai", secret=SECRET)
    (entry,) = stage.do("audit.list", result="denied")
    assert (entry["action"], entry["target"]) == ("providers.set_key", "openai")
    assert SECRET not in str(entry)
    assert stage.vault().get("openai") is None


@pytest.mark.parametrize("name", ["gatewatch/pepper", "", "sk-proj-" + "a1B2" * 10])
def test_our_own_entries_and_secrets_are_no_names(stage: Stage, name: str) -> None:
    with pytest.raises(GatewatchError):
        stage.do("providers.set_key", name=name, secret=SECRET)
