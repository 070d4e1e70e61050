"""Secret references: where they lead, and what their errors never repeat."""

import os
from pathlib import Path

import pytest

from gatewatch.vault.interface import Description
from gatewatch.vault.references import SecretError, checked_vault_name, resolve

CANARY = "sk-proj-canary0123456789abcdef0123456789"


class Drawer:
    """A vault in memory: what references ask of one is a look-up by name."""

    def __init__(self, **entries: str) -> None:
        self.entries = dict(entries)

    def get(self, name: str) -> str | None:
        return self.entries.get(name)

    def set(self, name: str, secret: str) -> None:
        self.entries[name] = secret

    def delete(self, name: str) -> None:
        self.entries.pop(name, None)

    def names(self) -> list[str]:
        return sorted(self.entries)

    def describe(self) -> Description:
        return Description("drawer", "a test")


def test_each_kind_of_reference_leads_to_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PROVIDER_KEY", CANARY + "\n")
    file = tmp_path / "key"
    file.write_text(f"  {CANARY}\n")
    file.chmod(0o400)
    assert resolve("none", None) is None
    assert resolve("vault:openai", Drawer(openai=CANARY)) == CANARY
    assert resolve("env:SOME_PROVIDER_KEY", None) == CANARY
    assert resolve(f"file:{file}", None) == CANARY


def test_a_missing_entry_names_the_command_that_puts_it_there() -> None:
    for vault in (None, Drawer()):
        with pytest.raises(SecretError) as refused:
            resolve("vault:openai", vault)
        assert "gatewatch providers set-key" in refused.value.next_step


@pytest.mark.parametrize("name", ["gatewatch/pepper", "", "../x", "a b", "x" * 65])
def test_our_own_entries_and_odd_names_cannot_be_named(name: str) -> None:
    drawer = Drawer()
    drawer.set(name, "the pepper")
    with pytest.raises(SecretError, match="cannot name"):
        resolve(f"vault:{name}", drawer)
    with pytest.raises(SecretError):
        checked_vault_name(name)


def test_a_variable_that_is_missing_empty_or_misnamed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_PROVIDER_KEY", raising=False)
    with pytest.raises(SecretError, match="SOME_PROVIDER_KEY' is not set"):
        resolve("env:SOME_PROVIDER_KEY", None)
    for empty in ("", " \n"):
        monkeypatch.setenv("SOME_PROVIDER_KEY", empty)
        with pytest.raises(SecretError, match="is empty"):
            resolve("env:SOME_PROVIDER_KEY", None)
    for name in ("", "A=B", "A B", "1A", "$HOME"):
        with pytest.raises(SecretError, match="cannot name"):
            resolve(f"env:{name}", None)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
def test_a_file_that_everybody_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "key"
    file.write_text(CANARY)
    file.chmod(mode)
    with pytest.raises(SecretError, match=f"mode 0{mode:o}") as refused:
        resolve(f"file:{file}", None)
    assert "chmod 600" in refused.value.next_step
    assert CANARY not in str(refused.value)


def test_a_file_of_a_group_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(CANARY)
    file.chmod(0o640)
    assert resolve(f"file:{file}", None) == CANARY


def test_what_cannot_hold_a_key_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(SecretError, match="No such file"):
        resolve(f"file:{file}", None)
    with pytest.raises(SecretError, match=r"not a regular file|directory"):
        resolve(f"file:{tmp_path}", None)
    for content, message in ((b"", "is empty"), (b"\xff\xfe\x00", "not UTF-8"), (b"x" * 70_000, "too large")):
        file.write_bytes(content)
        file.chmod(0o600)
        with pytest.raises(SecretError, match=message):
            resolve(f"file:{file}", None)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SecretError, match="not a regular file"):
        resolve(f"file:{tmp_path / 'pipe'}", None)


@pytest.mark.parametrize(
    "text",
    [CANARY, f"vault:{CANARY}", f"env:{CANARY}", f"env:{CANARY.replace('-', '_')}", f"file:{CANARY}", f"Vault:{CANARY}",
     f"key:{CANARY}", f" {CANARY}", "gwk_sk_live_" + "0" * 57, "AIzaSyA0123456789abcdefghijklmnop", "hunter2"],
)  # fmt: skip
def test_a_key_in_place_of_a_reference_is_refused_with_advice_and_not_repeated(text: str) -> None:
    with pytest.raises(SecretError) as refused:
        resolve(text, Drawer())
    assert refused.value.next_step or "No such file" in refused.value.title
    told = str(refused.value)
    for part in (CANARY, CANARY.replace("-", "_"), "0" * 20, "AIzaSyA0", "hunter2"):
        assert part not in told


def test_a_bare_key_is_told_how_to_be_kept() -> None:
    with pytest.raises(SecretError) as refused:
        resolve(CANARY, None)
    for way in ("gatewatch providers set-key", "vault:NAME", "env:NAME", "file:PATH"):
        assert way in refused.value.next_step
