"""Kinds of vaults: ours, and what packages announce."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from gatewatch.errors import UsageError
from gatewatch.vault.kinds import BUILT_IN, GROUP, READ_ONLY, check_kind, is_kind, kinds


def test_ours_are_there() -> None:
    assert kinds()[:5] == ("keyring", "file", "systemd", "env", "hashicorp")
    assert set(READ_ONLY) < set(BUILT_IN)


@pytest.mark.parametrize("kind", ["null", "", "auto", "Keyring", "../file"])
def test_anything_else_is_refused_with_the_choice_there_is(kind: str) -> None:
    with pytest.raises(UsageError, match="no kind of vault") as refused:
        check_kind(kind, "--vault")
    assert "keyring, file, systemd, env, hashicorp" in refused.value.next_step


def test_a_key_in_place_of_a_kind_is_not_repeated() -> None:
    with pytest.raises(UsageError) as refused:
        check_kind("sk-proj-canary0123456789abcdef0123456789", "--vault")
    assert "canary" not in str(refused.value)


def test_a_package_may_announce_another_kind_but_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints(EntryPoint(name, "somebody:opens", GROUP) for name in ("conjur", "file"))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: points)
    assert kinds()[-2:] == ("hashicorp", "conjur")
    assert is_kind("conjur")
