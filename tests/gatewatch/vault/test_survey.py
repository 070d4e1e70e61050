"""A look at every kind of vault: says what works and why the rest does not, and changes nothing."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gatewatch.paths import Home
from gatewatch.vault.survey import Looked, ignored, survey


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for variable in ("CREDENTIALS_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS", *os.environ):
        if variable in ("CREDENTIALS_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS") or variable.startswith("GATEWATCH_"):
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("gatewatch.vault.environment_vault._taken", {})  # what this process was given stays its own
    monkeypatch.setattr("gatewatch.vault.keyring_vault.candidates", lambda: ("SecretService",))
    return Home(tmp_path / "home").make()


def looked(home: Home, kind: str) -> Looked:
    (found,) = (each for each in survey(home) if each.kind == kind)
    return found


def test_a_machine_without_a_keyring_would_get_a_file(home: Home) -> None:
    assert [each.kind for each in survey(home) if each.works] == ["file"]
    assert looked(home, "file").told == f"it would be opened with a key file made at {home.vault_key}"
    assert "cannot be used" in looked(home, "keyring:SecretService").told


def test_looking_makes_nothing(home: Home) -> None:
    before = sorted(home.root.rglob("*"))
    survey(home)
    assert sorted(home.root.rglob("*")) == before


def test_a_vault_file_that_nothing_opens_is_told_with_every_way(home: Home) -> None:
    home.vault.write_bytes(b"")
    found = looked(home, "file")
    assert not found.works
    assert "--passphrase-fd" in found.next_step


def test_credentials_that_are_complete_work_and_others_say_what_is_missing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    (given / "gatewatch.pepper").write_text("0" * 64)
    assert "it lacks the credential gatewatch.audit-key" in looked(home, "systemd").told
    (given / "gatewatch.audit-key").write_text("1" * 64)
    assert looked(home, "systemd").works


def test_what_would_mislead_other_programs_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    assert list(ignored()) == []
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
    fake = ModuleType("keyrings.alt")
    fake.__spec__ = __import__("importlib.machinery").machinery.ModuleSpec("keyrings.alt", None)
    monkeypatch.setitem(sys.modules, "keyrings", ModuleType("keyrings"))
    monkeypatch.setitem(sys.modules, "keyrings.alt", fake)
    told = list(ignored())
    assert "PYTHON_KEYRING_BACKEND is set" in told[0]
    assert "keyrings.alt is installed" in told[1]
