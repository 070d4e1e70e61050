"""The vault as one encrypted file."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch.vault import sealed
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.interface import VaultError
from gatewatch.vault.passphrase import Passphrase

CANARY = "sk-canary-4f1c9a7e2b8d6350"


def vault_in(folder: Path, passphrase: bytes = b"correct horse") -> FileVault:
    return FileVault(folder / "vault.gw", folder / "vault.lock", Passphrase(passphrase, "a test"), "asked for")


def test_a_secret_is_kept_replaced_listed_and_forgotten(tmp_path: Path) -> None:
    vault = vault_in(tmp_path)
    assert vault.get("openai") is None
    assert vault.names() == []
    vault.set("openai", CANARY)
    vault.set("claude", "ключ \x00\n🙂")
    vault.set("openai", CANARY + "2")
    again = vault_in(tmp_path)
    assert again.names() == ["claude", "openai"]
    assert again.get("openai") == CANARY + "2"
    assert again.get("claude") == "ключ \x00\n🙂"
    again.delete("openai")
    again.delete("openai")
    assert vault.get("openai") is None
    assert vault.names() == ["claude"]


def test_a_vault_that_holds_nothing_makes_no_file(tmp_path: Path) -> None:
    vault_in(tmp_path).delete("openai")
    assert not (tmp_path / "vault.gw").exists()


def test_the_file_is_private_and_holds_no_secret_in_the_clear(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        vault_in(tmp_path).set("openai", CANARY)
    finally:
        os.umask(before)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "vault.gw": 0o600,
        "vault.lock": 0o600,
    }
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert CANARY.encode() not in content
        assert b"openai" not in content


def test_a_wrong_passphrase_a_cut_file_and_a_changed_file_are_one_clear_error(tmp_path: Path) -> None:
    vault = vault_in(tmp_path)
    vault.set("openai", CANARY)
    path = tmp_path / "vault.gw"
    whole = path.read_bytes()
    titles = set()
    for content, passphrase in (
        (whole, b"wrong horse"),
        (whole[:-1], b"correct horse"),
        (whole[:20], b"correct horse"),
        (b"", b"correct horse"),
        (whole[:-1] + bytes([whole[-1] ^ 1]), b"correct horse"),
        (b"PK\x03\x04 something else entirely, but long enough for a header" * 2, b"correct horse"),
    ):
        path.write_bytes(content)
        with pytest.raises(VaultError) as refused:
            vault_in(tmp_path, passphrase)
        titles.add(refused.value.title)
        assert CANARY not in str(refused.value)
        assert "horse" not in str(refused.value)
    assert titles == {f"{path} does not open with a test: a wrong passphrase, or a damaged file"}


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    vault = vault_in(tmp_path)
    vault.set("openai", CANARY)
    (tmp_path / "vault.gw").chmod(0o644)
    for use in (lambda: vault_in(tmp_path), lambda: vault.get("openai"), lambda: vault.set("a", "b")):
        with pytest.raises(VaultError, match="0644") as refused:
            use()
        assert "chmod 600" in refused.value.next_step


def test_all_uses_of_a_vault_cost_one_derivation(tmp_path: Path) -> None:
    vault_in(tmp_path).set("openai", CANARY)
    derived = sealed._derive.cache_info().misses
    vault = vault_in(tmp_path)
    vault.set("claude", "x")
    vault.delete("claude")
    vault.get("openai")
    assert sealed._derive.cache_info().misses == derived


WRITER = """
import pathlib, sys
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.passphrase import Passphrase
folder = pathlib.Path(sys.argv[1])
vault = FileVault(folder / "vault.gw", folder / "vault.lock", Passphrase(b"correct horse", "a test"), "asked for")
for n in range(5):
    vault.set(f"{sys.argv[2]}-{n}", "x")
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(i)]) for i in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert vault_in(tmp_path).names() == [f"{i}-{n}" for i in range(3) for n in range(5)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vault.gw", "vault.lock"]


def test_it_says_what_it_is_and_why(tmp_path: Path) -> None:
    description = vault_in(tmp_path).describe()
    assert description.backend == "file"
    assert description.reason == f"asked for; {tmp_path / 'vault.gw'} opens with a test"
