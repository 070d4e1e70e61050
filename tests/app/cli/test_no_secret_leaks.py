"""Everything that the commands print, log, say in errors and write to disk, searched for the secrets that went in.

The commands run as real processes. What is legitimate is listed: the one line that shows a new key, and nothing else.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROVIDER_KEY = "sk-proj-Canary4f1c9a7e2b8d6350Canary4f1c9a7e2b8d6350"
PLAIN_KEY = "canary-without-any-known-shape"
PASSPHRASE = "canary passphrase of the vault"

CONFIG = """
providers:
  openai: {preset: openai, api_key: vault:openai}
  plain: {preset: openai, api_key: vault:plain}
  fromenv: {preset: openai, api_key: env:SOME_PROVIDER_VARIABLE}
"""

PEPPER = """
import os, pathlib, sys
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.opening import open_vault
from gatewatch.vault.pepper import get_or_create_pepper
home = Home(pathlib.Path(os.environ["GATEWATCH_HOME"]))
with ControlStore.open(home.control) as store:
    sys.stdout.write(get_or_create_pepper(home, store, open_vault(home, store)).hex())
"""


RUN = """
import io, json, sys
from app.cli.main import main
steps = json.load(sys.stdin)
for argv, stdin, expected in steps:
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    try:
        code = main(argv)
    except SystemExit as stopped:
        code = stopped.code
    if code != expected:
        sys.exit(f"{argv[:2]} ended with {code}, not {expected}")
"""


class Commands:
    """Runs commands on one home, in processes of their own, and keeps everything that they say."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWATCH")} | {
            "GATEWATCH_HOME": str(self.home),
            "GATEWATCH_VAULT": "file",
            "SOME_PROVIDER_VARIABLE": PROVIDER_KEY,
            "PYTHONPATH": str(ROOT),
        }
        self.said = ""

    def python(self, script: str, stdin: str = "", passphrase: str = PASSPHRASE) -> "subprocess.CompletedProcess[str]":
        reader, writer = os.pipe()
        os.write(writer, passphrase.encode())
        os.close(writer)
        try:
            return subprocess.run(
                [sys.executable, "-c", script],
                env=self.environment | {"GATEWATCH_PASSPHRASE_FD": str(reader)},
                pass_fds=[reader], input=stdin, capture_output=True, text=True,
            )  # fmt: skip
        finally:
            os.close(reader)

    def run(
        self,
        *steps: tuple[int, tuple[str, ...]],
        stdin: str = "",
        passphrase: str = PASSPHRASE,
        keep_stdout: bool = True,
    ) -> str:
        """Each step is the exit code that is due and the command; returns stdout."""
        program = json.dumps([(argv, stdin, code) for code, argv in steps])
        done = self.python(RUN, stdin=program, passphrase=passphrase)
        self.said += done.stderr + (done.stdout if keep_stdout else "")
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


def test_no_secret_is_found_in_any_output_error_or_file(commands: Commands, tmp_path: Path) -> None:
    commands.run((0, ("providers", "set-key", "openai")), stdin=PROVIDER_KEY)
    commands.run((0, ("providers", "set-key", "plain")), stdin=PLAIN_KEY)
    (commands.home / "gatewatch.yaml").write_text(CONFIG)
    create = (0, ("keys", "create", "app", "--team", "search", "--create-team", "-o", "json"))
    secret = json.loads(commands.run(create, keep_stdout=False))["secret"]

    commands.run(
        *(
            (0, (*argv, "-o", output))
            for output in ("table", "json", "csv")
            for argv in (
                ("keys", "list"),
                ("keys", "show", "app"),
                ("teams", "list"),
                ("providers", "list"),
                ("providers", "vault"),
            )
        ),
        (0, ("keys", "show", secret)),
        (
            0,
            ("keys", "create", "two", "--team", "search", "--secret-file", str(tmp_path / "file"), "-o", "json"),
        ),
    )

    damaged = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    commands.run(
        (3, ("keys", "show", damaged)),
        (3, ("keys", "revoke", secret[:40], "--yes")),
        (2, ("keys", "create", secret, "--team", "search")),
        (2, ("keys", "create", "x", "--team", PROVIDER_KEY, "--create-team")),
        (2, ("keys", "create", "x", "--team", "search", "--models", f"{PROVIDER_KEY} {secret}")),
        (2, ("keys", "create", "x", "--team", "search", "--expires", secret)),
        (2, ("keys", "create", "x", "--team", "search", "--kind", secret)),
        (2, ("teams", "create", secret)),
        (3, ("teams", "show", secret)),
        (2, ("providers", "set-key", "openai", PROVIDER_KEY)),
        (2, ("providers", "set-key", "openai", "--key", PLAIN_KEY)),
        (2, ("providers", "set-key", "openai", PLAIN_KEY)),
        (1, ("providers", "set-key", PROVIDER_KEY)),
        (2, ("providers", PROVIDER_KEY)),
    )
    wrong = (1, ("keys", "create", "x", "--team", "search"))
    commands.run(wrong, passphrase="wrong " + PASSPHRASE)
    for broken in (f"api_key: {PROVIDER_KEY}", f"api_key: vault:{PROVIDER_KEY}"):
        (commands.home / "gatewatch.yaml").write_text(f"providers:\n  openai:\n    preset: openai\n    {broken}\n")
        commands.run((1, ("providers", "list")))
    (commands.home / "gatewatch.yaml").unlink()
    vault = commands.home / "vault.gw"
    whole = vault.read_bytes()
    vault.write_bytes(whole[:-3])
    commands.run((1, ("providers", "vault")))
    vault.write_bytes(whole)
    vault.chmod(0o644)
    commands.run((1, ("providers", "vault")))
    vault.chmod(0o600)
    commands.run((0, ("keys", "revoke", "app", "--yes")))

    pepper = commands.python(PEPPER).stdout
    assert len(pepper) == 64
    secrets = {
        "provider key": PROVIDER_KEY,
        "plain key": PLAIN_KEY,
        "virtual key": secret[20:63],
        "passphrase": PASSPHRASE,
        "pepper": pepper,
    }
    files = {path: path.read_bytes() for path in commands.home.rglob("*") if path.is_file()}
    assert {"control.db", "vault.gw"} <= {path.name for path in files}
    for said in (
        "unrecognized arguments",
        "does not open with",
        "looks like a secret",
        '"secret_file"',
        "vault:openai",
    ):
        assert said in commands.said, "the search would find nothing"
    for what, text in secrets.items():
        assert text not in commands.said, what
        raw = bytes.fromhex(text) if what == "pepper" else text.encode()
        for path, content in files.items():
            for form in (text.encode(), raw, base64.b64encode(raw)[:-4], text[::-1].encode()):
                assert form not in content, f"{what} in {path.name}"
