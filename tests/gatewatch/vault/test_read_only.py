"""A vault that is given its secrets: what cannot be written is an error with the place where an operator puts it."""

import pytest

from gatewatch.vault.interface import VaultError, VaultReadOnly
from gatewatch.vault.read_only import ReadOnlyVault

CANARY = "sk-canary-4f1c9a7e2b8d6350"


class Shelf(ReadOnlyVault):
    kind = "env"

    def __init__(self, **entries: str) -> None:
        super().__init__("a test")
        self.entries = entries

    def get(self, name: str) -> str | None:
        return self.entries.get(name.replace("/", "_").replace("-", "_"))

    def names(self) -> list[str]:
        return sorted(self.entries)

    def place(self, name: str) -> str:
        return f"the slot {name}"

    def whole(self) -> str:
        return "a shelf"


def test_nothing_is_kept_and_the_error_says_where_to_put_it_and_not_what() -> None:
    with pytest.raises(VaultReadOnly, match="a shelf, which is read-only: it cannot keep 'openai'") as refused:
        Shelf().set("openai", CANARY)
    assert "give it as the slot openai" in refused.value.next_step
    assert CANARY not in str(refused.value)
    assert refused.value.exit_code == 4


def test_a_virtual_keys_secret_has_to_go_elsewhere() -> None:
    with pytest.raises(VaultReadOnly, match="cannot keep") as refused:
        Shelf().set("gatewatch/keys/Ab3dEf9x-ci", CANARY)
    assert "--secret-file" in refused.value.next_step


def test_nothing_is_deleted() -> None:
    shelf = Shelf(openai=CANARY)
    with pytest.raises(VaultReadOnly, match="cannot delete 'openai'"):
        shelf.delete("openai")
    assert shelf.get("openai") == CANARY


def test_what_gatewatch_would_make_for_itself_has_to_be_made_and_given() -> None:
    with pytest.raises(VaultReadOnly) as refused:
        Shelf().set("gatewatch/pepper", CANARY)
    assert "gatewatch providers vault --secrets-to DIR --vault env" in refused.value.next_step
    assert "the slot gatewatch/pepper" in refused.value.next_step


def test_a_key_is_rotated_where_it_comes_from() -> None:
    with pytest.raises(VaultReadOnly) as refused:
        Shelf().set("gatewatch/next/openai", CANARY)
    assert "give the new one as the slot openai, and restart" in refused.value.next_step


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(VaultError) as refused:
        Shelf().check_complete()
    assert "the slot gatewatch/pepper and the slot gatewatch/audit-key" in refused.value.title
    assert "--secrets-to" in refused.value.next_step
    Shelf(gatewatch_pepper="a", gatewatch_audit_key="b").check_complete()


def test_it_says_that_it_is_read_only() -> None:
    assert Shelf().describe() == ("env", "a test; a shelf, which is read-only")
