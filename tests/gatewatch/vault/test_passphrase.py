"""Where the passphrase comes from, and what is refused."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch.vault import passphrase
from gatewatch.vault.interface import VaultError
from gatewatch.vault.passphrase import Passphrase, Sources, choose, generate


@pytest.fixture(autouse=True)
def no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CREDENTIALS_DIRECTORY", "GATEWATCH_PASSPHRASE_FD", "GATEWATCH_KEY_FILE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "vault.key"


def pipe_with(content: bytes) -> int:
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    passphrase._read.pop(reader, None)
    return reader


def test_nothing_is_found_where_there_is_nothing(key_file: Path) -> None:
    assert Sources(key_file).find() is None


def test_a_systemd_credential_is_read(key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Sources(key_file).find() is None
    (tmp_path / "gatewatch-vault").write_bytes(b"correct horse\n")
    found = Sources(key_file).find()
    assert found is not None
    assert (found.secret, found.source) == (b"correct horse", "the systemd credential gatewatch-vault")


def test_a_key_file_is_read_only_while_it_is_private(
    key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "elsewhere"
    for path in (key_file, other):
        path.write_bytes(b"correct horse\n")
        path.chmod(0o400)
    found = Sources(key_file).find()
    assert found is not None
    assert (found.secret, found.source) == (b"correct horse", f"the key file {key_file}")
    assert "not from somebody who can read this folder" in found.protects
    monkeypatch.setenv("GATEWATCH_KEY_FILE", str(other))
    found = Sources(key_file).find()
    assert found is not None
    assert (found.source, found.protects) == (f"the key file {other}", "")
    other.chmod(0o444)
    with pytest.raises(VaultError) as refused:
        Sources(key_file).find()
    assert f"chmod 400 {other}" in refused.value.next_step


def test_a_named_key_file_that_is_gone_is_an_error_and_no_other_source_is_tried(
    key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(key_file, tmp_path / "lock")
    monkeypatch.setenv("GATEWATCH_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(VaultError, match="gone does not exist"):
        Sources(key_file, prompt=lambda _: "correct horse").find()


def test_a_descriptor_is_read_once_and_can_be_asked_again(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fd = pipe_with(b"correct horse\n")
    for _ in range(2):
        found = Sources(key_file, fd=fd).find()
        assert found is not None
        assert (found.secret, found.source) == (b"correct horse", f"file descriptor {fd}")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    monkeypatch.setenv("GATEWATCH_PASSPHRASE_FD", str(pipe_with(b"by variable")))
    found = Sources(key_file).find()
    assert found is not None
    assert found.secret == b"by variable"


def test_a_child_reads_its_passphrase_from_an_inherited_descriptor(key_file: Path) -> None:
    fd = pipe_with(b"correct horse")
    program = (
        "import pathlib\nfrom gatewatch.vault.passphrase import Sources\n"
        "found = Sources(pathlib.Path('/nowhere/key')).find()\nprint(found.secret == b'correct horse', found)"
    )
    child = subprocess.run(
        [sys.executable, "-c", program],
        pass_fds=[fd], env=os.environ | {"GATEWATCH_PASSPHRASE_FD": str(fd)}, capture_output=True, text=True,
    )  # fmt: skip
    os.close(fd)
    assert child.stdout == f"True <Passphrase from file descriptor {fd}>\n"
    assert child.stderr == ""


@pytest.mark.parametrize("value", ["", "x", "-1", "3.5"])
def test_a_descriptor_that_is_no_number_is_an_error(
    key_file: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("GATEWATCH_PASSPHRASE_FD", value)
    with pytest.raises(VaultError, match="not the number"):
        Sources(key_file).find()


def test_a_descriptor_that_is_not_open_is_an_error(key_file: Path) -> None:
    with pytest.raises(VaultError, match="cannot be read"):
        Sources(key_file, fd=987654).find()


def test_the_prompt_comes_last_and_only_where_it_is_wanted(key_file: Path, tmp_path: Path) -> None:
    found = Sources(key_file, prompt=lambda _: "typed words").find()
    assert found is not None
    assert (found.secret, found.source) == (b"typed words", "the prompt")
    assert Sources(key_file, prompt=lambda _: "typed words").find(ask=False) is None
    generate(key_file, tmp_path / "lock")
    found = Sources(key_file, prompt=lambda _: pytest.fail("was asked")).find()
    assert found is not None
    assert found.source == f"the key file {key_file}"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n"])
def test_an_empty_passphrase_is_refused(key_file: Path, content: bytes) -> None:
    with pytest.raises(VaultError, match="is empty"):
        Sources(key_file, fd=pipe_with(content)).find()
    with pytest.raises(VaultError, match="is empty"):
        Sources(key_file, prompt=lambda _: "").find()


def test_a_locked_vault_names_all_four_ways(key_file: Path) -> None:
    error = str(Sources(key_file).missing(Path("/home/vault.gw")))
    for way in ("/home/vault.gw is locked", "systemd credential named gatewatch-vault", str(key_file), "0400",
                "GATEWATCH_KEY_FILE", "--passphrase-fd", "GATEWATCH_PASSPHRASE_FD", "prompt"):  # fmt: skip
        assert way in error


def test_a_new_passphrase_is_typed_twice_and_is_not_short() -> None:
    assert choose(lambda _: "correct horse").secret == b"correct horse"
    answers = iter(["correct horse", "correct house"])
    with pytest.raises(VaultError, match="differ"):
        choose(lambda _: next(answers))
    with pytest.raises(VaultError, match="at least 8"):
        choose(lambda _: "short")


def test_a_generated_key_file_is_random_private_and_made_once(key_file: Path, tmp_path: Path) -> None:
    first = generate(key_file, tmp_path / "lock")
    assert len(first.secret) == 43  # 256 bits in base64url without padding
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o400
    assert generate(key_file, tmp_path / "lock").secret == first.secret
    (tmp_path / "other").mkdir()
    assert generate(tmp_path / "other" / "key", tmp_path / "lock").secret != first.secret


def test_a_passphrase_is_never_shown() -> None:
    assert "horse" not in repr(Passphrase(b"correct horse", "a test"))
