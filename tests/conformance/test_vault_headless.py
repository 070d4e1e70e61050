"""A gateway on machines as they are: without a keyring, with one that is locked, with keyrings that lie, with a vault
that was damaged or left open. Real commands, a real `gatewatch serve`, Debian's gnome-keyring and PyPI's keyrings.alt.

Each time: a message that says what to do, the documented exit code, and nothing in plain text under the machine's home.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CANARY = "sk-proj-Headless4f1c9a7e2b8d6350Headless4f1c9a7e2b8d6350"
PASSPHRASE = "correct horse battery staple of the headless tests"
SECONDS = 60

CONFIG = "providers:\n  openai: {preset: openai, api_key: vault:openai}\n"

KEYRINGS_ALT = os.environ.get("GATEWATCH_TEST_KEYRINGS_ALT", "")
needs_keyrings_alt = pytest.mark.skipif(not KEYRINGS_ALT, reason="keyrings.alt is not installed (make extras)")
needs_gnome_keyring = pytest.mark.skipif(
    shutil.which("gnome-keyring-daemon") is None or shutil.which("dbus-run-session") is None,
    reason="gnome-keyring and dbus-run-session are not installed",
)


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Machine:
    """A user's account in a folder, without desktop and session, and everything that its commands say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "gatewatch"
        self.session: list[str] = []
        """What commands run under."""
        for name in ("data", "run", "config"):
            (folder / name).mkdir(mode=0o700, parents=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "GATEWATCH_HOME": str(self.home),
        }
        self.said = ""

    def run(self, *argv: str, stdin: str = "", passphrase: str | None = None) -> Said:
        """`gatewatch …`, to its end. It must not wait for anybody."""
        return self._ended([sys.executable, "-m", "gatewatch", *argv], stdin, passphrase)

    def python(self, program: str) -> Said:
        return self._ended([sys.executable, "-c", program], "", None)

    def serve(self, *argv: str, passphrase: str | None = None) -> Said:
        """`gatewatch serve` until it is ready or gives up, then SIGTERM. `out` is its ready line, or empty."""
        command = [sys.executable, "-c", SERVE, "serve", "--port", "0", *argv]
        return self._ended(command, "", passphrase)

    def set_key(self, *argv: str, passphrase: str | None = None) -> Said:
        said = self.run("providers", "set-key", "openai", *argv, stdin=CANARY, passphrase=passphrase)
        assert said.code == 0, said.err
        (self.home / "gatewatch.yaml").write_text(CONFIG)
        return said

    def backend(self, passphrase: str | None = None) -> str:
        said = self.run("providers", "vault", "-o", "json", passphrase=passphrase)
        assert said.code == 0, said.err
        told = json.loads(said.out)
        assert told["keys"] == ["openai"]
        return str(told["backend"])

    def check_no_secret_in_the_clear(self) -> None:
        """In no file of the account, and in nothing that was said."""
        encoded = base64.b64encode(CANARY.encode())
        forms = (CANARY.encode(), encoded[:60], encoded[4:60], CANARY.encode().hex().encode(), PASSPHRASE.encode())
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        assert files
        for path in files:
            content = path.read_bytes()
            for form in forms:
                assert form not in content, path
        for form in forms:
            assert form.decode() not in self.said

    def _ended(self, command: list[str], stdin: str, passphrase: str | None) -> Said:
        fds = [] if passphrase is None else [_pipe_with(passphrase)]
        environment = self.environment | ({"GATEWATCH_PASSPHRASE_FD": str(fds[0])} if fds else {})
        try:
            done = subprocess.run(
                [*self.session, *command],
                env=environment, pass_fds=fds, input=stdin, capture_output=True, text=True, cwd=ROOT, timeout=SECONDS,
            )  # fmt: skip
        finally:
            for fd in fds:
                os.close(fd)
        self.said += done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)


SERVE = """
import os, subprocess, sys
gateway = subprocess.Popen([sys.executable, "-m", "gatewatch", *sys.argv[1:]], stdout=subprocess.PIPE,
                           pass_fds=[int(fd) for fd in [os.environ.get("GATEWATCH_PASSPHRASE_FD")] if fd])
line = gateway.stdout.readline()
sys.stdout.buffer.write(line)
if line:
    gateway.terminate()
sys.exit(gateway.wait())
"""


def _pipe_with(text: str) -> int:
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "account")
    yield made
    made.check_no_secret_in_the_clear()


# without a keyring


def test_without_a_keyring_a_file_is_taken_and_everybody_is_told_why_and_what_it_protects_from(
    machine: Machine,
) -> None:
    said = machine.set_key()
    assert "vault: file (no keyring of the operating system works (the SecretService keyring cannot be used" in said.err
    assert "not from somebody who can read this folder" in said.err
    assert machine.backend() == "file"
    served = machine.serve()
    assert (served.code, json.loads(served.out)["event"]) == (0, "ready")
    assert "INFO vault: file (no keyring of the operating system works" in served.err
    assert "Nothing" not in machine.run("keys", "create", "app", "--team", "search", "--create-team").err


def test_without_a_keyring_asking_for_one_is_an_error_and_nothing_is_made(machine: Machine) -> None:
    said = machine.run("providers", "set-key", "openai", "--vault", "keyring", stdin=CANARY)
    assert (said.code, said.out) == (1, "")
    assert "no keyring of the operating system works: the SecretService keyring cannot be used" in said.err
    assert "or take `file` instead" in said.err
    (machine.home / "gatewatch.yaml").write_text("vault: keyring\n")
    served = machine.serve()
    assert (served.code, served.out) == (1, "")
    assert "or take `file` instead" in served.err
    assert not (machine.home / "vault.gw").exists()


def test_an_unattended_start_of_a_vault_with_a_passphrase_names_all_four_ways_to_give_it(machine: Machine) -> None:
    machine.set_key("--vault", "file", passphrase=PASSPHRASE)
    assert not (machine.home / "vault.key").exists()
    for said in (machine.serve(), machine.run("providers", "vault"), machine.run("keys", "create", "a", "--team", "b")):
        assert (said.code, said.out) in ((1, ""), (3, ""))
    served = machine.serve()
    assert (served.code, served.out) == (1, "")
    for way in ("systemd credential named gatewatch-vault", "key file with mode 0400", "--passphrase-fd", "the prompt"):
        assert way in served.err
    assert machine.serve(passphrase=PASSPHRASE).code == 0


# keyrings that lie


@needs_keyrings_alt
@pytest.mark.parametrize("beside", ["alone", "with pycryptodome"])
def test_keyrings_alt_is_never_picked_though_keyring_itself_would(
    machine: Machine, tmp_path: Path, beside: str
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    for found in Path(KEYRINGS_ALT).iterdir():
        if beside != "alone" or not found.name.lower().startswith(("crypto", "pycryptodome")):
            (packages / found.name).symlink_to(found)
    machine.environment["PYTHONPATH"] = str(packages)
    itself = machine.python(
        "import keyring; taken = keyring.get_keyring();"
        "print(*{type(each).__module__ for each in getattr(taken, 'backends', [taken])})"
    )
    assert itself.out.startswith("keyrings.alt."), "the trap is not set"

    assert "vault: file (no keyring of the operating system works" in machine.set_key().err
    assert machine.backend() == "file"
    assert machine.serve().code == 0
    said = machine.run("doctor")
    assert "keyrings.alt is installed: its plaintext and prompting keyrings are never used here" in said.out
    assert not list(machine.folder.rglob("*pass.cfg")), "keyrings.alt wrote its file"


@needs_keyrings_alt
def test_keyrings_alt_by_name_keeps_a_key_in_plain_text_elsewhere_and_not_here(machine: Machine) -> None:
    machine.environment |= {
        "PYTHONPATH": KEYRINGS_ALT,
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
    }
    said = machine.python("import keyring; keyring.set_password('other', 'program', 'its own key')")
    assert (said.code, said.err) == (0, "")
    (kept,) = machine.folder.rglob("*pass.cfg")
    assert base64.b64encode(b"its own key").decode() in kept.read_text(), "the trap is not set"
    before = kept.read_bytes()
    machine.set_key()
    assert machine.backend() == "file"
    assert machine.run("providers", "set-key", "x", "--vault", "keyring", stdin=CANARY).code == 2
    assert kept.read_bytes() == before


@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "no.such.Thing"])
def test_a_backend_that_the_environment_names_is_never_followed(machine: Machine, backend: str) -> None:
    machine.environment["PYTHON_KEYRING_BACKEND"] = backend
    machine.set_key()
    assert machine.backend() == "file", "and the key is really there"
    assert machine.serve().code == 0
    assert "PYTHON_KEYRING_BACKEND is set: it chooses nothing here" in machine.run("doctor").out
    said = Machine(machine.folder / "second")
    said.environment["PYTHON_KEYRING_BACKEND"] = backend
    refused = said.run("providers", "set-key", "openai", "--vault", "keyring", stdin=CANARY)
    assert refused.code == 1
    assert "no keyring of the operating system works" in refused.err


# a real keyring


class Desktop:
    """gnome-keyring in a D-Bus session without a display; it is unlocked by a password on stdin, or not at all."""

    UNLOCKED = 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"'
    LOCKED = 'gnome-keyring-daemon --start --components=secrets >/dev/null && exec "$@"'

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def unlocked(self) -> Machine:
        return self._with(self.UNLOCKED)

    def locked(self) -> Machine:
        return self._with(self.LOCKED)

    def _with(self, start: str) -> Machine:
        self._machine.session = ["dbus-run-session", "--", "sh", "-c", start, "sh"]
        return self._machine


@needs_gnome_keyring
def test_a_keyring_that_is_unlocked_without_a_display_keeps_everything(machine: Machine) -> None:
    desktop = Desktop(machine)
    said = desktop.unlocked().set_key()
    assert "vault: keyring:SecretService (the operating system's keyring works)" in said.err
    assert not (machine.home / "vault.gw").exists()
    assert machine.backend() == "keyring:SecretService"
    served = machine.serve()
    assert (served.code, json.loads(served.out)["event"]) == (0, "ready")
    assert machine.run("keys", "create", "app", "--team", "search", "--create-team").code == 0


@needs_gnome_keyring
def test_a_keyring_that_is_locked_now_is_an_error_that_says_how_to_go_on_and_no_file_is_begun(machine: Machine) -> None:
    desktop = Desktop(machine)
    desktop.unlocked().set_key()
    desktop.locked()
    for said in (machine.serve(), machine.run("providers", "vault")):
        assert (said.code, said.out) == (1, "")
        assert "the vault of this home is keyring:SecretService: the SecretService keyring cannot be used" in said.err
        assert "Locked" in said.err
        assert "gnome-keyring-daemon --unlock" in said.err
        assert "gatewatch providers vault --use file" in said.err
    told = machine.run("doctor")
    assert told.code == 1
    assert "broken" in told.out
    assert "gnome-keyring-daemon --unlock" in told.out
    assert not (machine.home / "vault.gw").exists()
    assert desktop.unlocked().backend() == "keyring:SecretService", "once it is unlocked, everything is there"


@needs_gnome_keyring
def test_a_session_without_the_keyring_is_an_error_and_a_move_to_a_file_loses_nothing(machine: Machine) -> None:
    Desktop(machine).unlocked().set_key()
    session, machine.session = machine.session, []
    said = machine.serve()
    assert (said.code, said.out) == (1, "")
    assert "the vault of this home is keyring:SecretService" in said.err
    assert "gatewatch providers vault --use file" in said.err
    machine.session = session
    assert machine.run("providers", "vault", "--use", "file", "-o", "json").code == 0
    machine.session = []
    assert machine.backend() == "file"
    assert machine.serve().code == 0


@needs_gnome_keyring
def test_a_keyring_that_is_locked_from_the_start_is_passed_over_with_the_reason(machine: Machine) -> None:
    desktop = Desktop(machine)
    desktop.unlocked().python("import keyring; keyring.set_password('other', 'program', 'its own key')")
    said = desktop.locked().set_key()
    assert "vault: file (no keyring of the operating system works (the SecretService keyring cannot be used" in said.err
    assert "Locked" in said.err
    other = Machine(machine.folder / "second")
    other.environment |= {name: machine.environment[name] for name in ("XDG_DATA_HOME", "XDG_RUNTIME_DIR")}
    refused = Desktop(other).locked().run("providers", "set-key", "openai", "--vault", "keyring", stdin=CANARY)
    assert refused.code == 1
    assert "gnome-keyring-daemon --unlock" in refused.err


# a vault file that was damaged, or left open


def truncated(machine: Machine) -> None:
    vault = machine.home / "vault.gw"
    vault.write_bytes(vault.read_bytes()[:-7])


def cut_to_its_header(machine: Machine) -> None:
    vault = machine.home / "vault.gw"
    vault.write_bytes(vault.read_bytes()[:20])


def emptied(machine: Machine) -> None:
    (machine.home / "vault.gw").write_bytes(b"")


def one_bit_changed(machine: Machine) -> None:
    vault = machine.home / "vault.gw"
    content = bytearray(vault.read_bytes())
    content[len(content) // 2] ^= 1
    vault.write_bytes(content)


def another_key(machine: Machine) -> None:
    key = machine.home / "vault.key"
    key.unlink()
    key.write_text("something else")
    key.chmod(0o400)


def vault_left_open(machine: Machine) -> None:
    (machine.home / "vault.gw").chmod(0o644)


def key_left_open(machine: Machine) -> None:
    (machine.home / "vault.key").chmod(0o644)


DAMAGE: list[tuple[Callable[[Machine], None], str, str]] = [
    (truncated, "a wrong passphrase, or a damaged file", "restore the file from a backup"),
    (cut_to_its_header, "a wrong passphrase, or a damaged file", "restore the file from a backup"),
    (emptied, "a wrong passphrase, or a damaged file", "restore the file from a backup"),
    (one_bit_changed, "a wrong passphrase, or a damaged file", "restore the file from a backup"),
    (another_key, "a wrong passphrase, or a damaged file", "give the passphrase it was made with"),
    (vault_left_open, "is open to other users (mode 0644)", "run `chmod 600 {home}/vault.gw`"),
    (key_left_open, "is open to other users (mode 0644)", "run `chmod 400 {home}/vault.key`"),
]


@pytest.mark.parametrize(("damage", "title", "next_step"), DAMAGE, ids=[each[0].__name__ for each in DAMAGE])
def test_a_vault_that_does_not_open_says_so_wherever_it_is_needed(
    machine: Machine, damage: Callable[[Machine], None], title: str, next_step: str
) -> None:
    machine.set_key("--vault", "file")
    assert machine.run("keys", "create", "first", "--team", "search", "--create-team").code == 0
    sealed = (machine.home / "vault.gw").read_bytes()
    damage(machine)
    damaged = (machine.home / "vault.gw").read_bytes()
    for argv in (["providers", "vault"], ["keys", "create", "app", "--team", "search"], ["serve"]):
        said = machine.serve() if argv == ["serve"] else machine.run(*argv)
        assert (said.code, said.out) == (1, ""), argv
        assert title in said.err
        assert next_step.format(home=machine.home) in said.err
    refused = machine.run("providers", "set-key", "openai", stdin=CANARY)
    assert refused.code == 1
    told = machine.run("doctor", "-o", "json")
    (finding,) = (each for each in json.loads(told.out) if each["area"] == "vault")
    assert (told.code, finding["state"]) == (1, "broken")
    assert title in finding["what"]
    assert next_step.format(home=machine.home) in finding["next_step"]
    assert (machine.home / "vault.gw").read_bytes() == damaged, "what does not open is not written over"
    assert len(sealed) > 100


def test_a_wrong_passphrase_is_told_by_its_source_and_the_right_one_opens_the_same_vault(machine: Machine) -> None:
    machine.set_key("--vault", "file", passphrase=PASSPHRASE)
    for said in (
        machine.run("providers", "vault", passphrase="wrong"),
        machine.serve(passphrase="wrong"),
        machine.run("doctor", passphrase="wrong"),
    ):
        assert said.code == 1
        assert "does not open with file descriptor" in said.err + said.out
    empty = machine.run("providers", "vault", passphrase="")
    assert (empty.code, "is empty" in empty.err) == (1, True)
    assert machine.backend(passphrase=PASSPHRASE) == "file"
    assert machine.run("doctor", passphrase=PASSPHRASE).code == 0


# what is given from outside


def test_a_container_gets_its_secrets_from_the_environment_and_an_incomplete_one_is_told_all_that_is_missing(
    machine: Machine, tmp_path: Path
) -> None:
    machine.home.mkdir(mode=0o700)
    (machine.home / "gatewatch.yaml").write_text("vault: env\n" + CONFIG)
    refused = machine.serve()
    assert (refused.code, refused.out) == (1, "")
    assert "it lacks the variable GATEWATCH_OWN_PEPPER and the variable GATEWATCH_OWN_AUDIT_KEY" in refused.err
    assert "--secrets-to DIR --vault env" in refused.err

    folder = tmp_path / "made"
    made = machine.run("providers", "vault", "--secrets-to", str(folder), "-o", "json")
    assert json.loads(made.out) == {"folder": str(folder), "kind": "env", "files": ["gatewatch.env"]}
    assert (folder.stat().st_mode & 0o777, (folder / "gatewatch.env").stat().st_mode & 0o777) == (0o700, 0o600)
    given = dict(line.split("=", 1) for line in (folder / "gatewatch.env").read_text().splitlines())
    assert set(given) == {"GATEWATCH_OWN_PEPPER", "GATEWATCH_OWN_AUDIT_KEY"}
    for secret in given.values():
        assert secret not in made.out + made.err

    machine.environment |= given | {"GATEWATCH_SECRET_OPENAI": CANARY}
    assert machine.serve().code == 0
    assert "openai" in json.loads(machine.run("providers", "vault", "-o", "json").out)["keys"]
    assert machine.run("keys", "create", "app", "--team", "search", "--create-team").code == 0
    kept = machine.run("providers", "set-key", "openai", stdin=CANARY)
    assert (kept.code, kept.out) == (4, "")
    assert "give it as the variable GATEWATCH_SECRET_OPENAI, and restart what uses it" in kept.err
    machine.environment["GATEWATCH_OWN_PEPPER"] = "0" * 64
    other = machine.serve()
    assert other.code == 1
    assert "the pepper that this home's virtual keys were made with" in other.err


def test_a_unit_gets_its_secrets_from_systemd_and_a_home_moves_there_with_its_keys(
    machine: Machine, tmp_path: Path
) -> None:
    machine.set_key()
    created = machine.run("keys", "create", "app", "--team", "search", "--create-team", "-o", "json")
    assert created.code == 0
    folder = tmp_path / "made"
    made = machine.run("providers", "vault", "--secrets-to", str(folder), "--vault", "systemd")
    assert made.code == 0, made.err
    assert "systemd-creds encrypt --name=" in made.err
    assert f"delete {folder}" in made.err
    assert {"gatewatch-openai", "gatewatch.pepper"} <= {path.name for path in folder.iterdir()}
    again = machine.run("providers", "vault", "--secrets-to", str(folder), "--vault", "systemd")
    assert (again.code, "is not empty" in again.err) == (2, True)

    assert machine.run("providers", "vault", "--use", "systemd").code == 1, "no credentials were given"
    machine.environment["CREDENTIALS_DIRECTORY"] = str(folder)
    (folder / "gatewatch-openai").rename(tmp_path / "aside")
    lacking = machine.run("providers", "vault", "--use", "systemd")
    assert (lacking.code, "it lacks the credential gatewatch-openai" in lacking.err) == (1, True)
    assert machine.backend() == "file", "nothing was moved"
    (tmp_path / "aside").rename(folder / "gatewatch-openai")
    moved = machine.run("providers", "vault", "--use", "systemd", "-o", "json")
    assert moved.code == 0, moved.err
    assert json.loads(moved.out)["backend"] == "systemd"
    assert not (machine.home / "vault.gw").exists()
    assert machine.serve().code == 0
    refused = machine.run("providers", "set-key", "openai", stdin=CANARY)
    assert (refused.code, "give it as the credential gatewatch-openai" in refused.err) == (4, True)
    rows = json.loads(machine.run("keys", "list", "-o", "json").out)
    assert [row["state"] for row in rows] == ["active"]
    assert machine.run("providers", "vault", "--use", "file", "-o", "json").code == 0
    assert machine.backend() == "file"
