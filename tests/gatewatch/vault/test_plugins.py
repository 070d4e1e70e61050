"""Plug-ins: found by name, opened with the options, and whatever they raise is an error without a secret."""

import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType

import pytest

from gatewatch.vault.interface import Description, VaultError
from gatewatch.vault.kinds import GROUP
from gatewatch.vault.plugins import plugged_in

CANARY = "sk-proj-canary0123456789abcdef0123456789"


class Drawer:
    def __init__(self, options: Mapping[str, str], reason: str) -> None:
        self.options, self.reason = options, reason

    def get(self, name: str) -> str | None:
        return None

    def set(self, name: str, secret: str) -> None: ...

    def delete(self, name: str) -> None: ...

    def names(self) -> list[str]:
        return []

    def describe(self) -> Description:
        return Description("drawer", self.reason)


def fails(options: Mapping[str, str], reason: str) -> Drawer:
    raise RuntimeError(f"\x1b[2Jcannot log in with {CANARY}")


@pytest.fixture(autouse=True)
def announced(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("somebodys_vaults")
    module.opens, module.fails = Drawer, fails  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "somebodys_vaults", module)
    points = EntryPoints(
        (EntryPoint("drawer", "somebodys_vaults:opens", GROUP), EntryPoint("fails", "somebodys_vaults:fails", GROUP))
    )
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **choice: points.select(**choice))


def test_a_plug_in_gets_the_options_and_the_reason() -> None:
    vault = plugged_in("drawer", {"address": "here"}, "asked for")
    assert isinstance(vault, Drawer)
    assert (vault.options, vault.describe()) == ({"address": "here"}, ("drawer", "asked for"))


def test_what_a_plug_in_raises_is_shown_harmless_and_without_secrets() -> None:
    with pytest.raises(VaultError, match="the vault 'fails' does not open: RuntimeError: ") as refused:
        plugged_in("fails", {}, "asked for")
    assert CANARY not in str(refused.value)
    assert "\x1b" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_one_that_is_not_installed_is_named() -> None:
    with pytest.raises(VaultError, match="'conjur' needs a plug-in that is not installed"):
        plugged_in("conjur", {}, "asked for")
