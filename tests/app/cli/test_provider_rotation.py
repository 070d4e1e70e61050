"""`gatewatch providers rotate-key` as it is typed, where no gateway runs."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from gatewatch.control.provider_rotations import Detail, ProviderRotations
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from tests.kit.running import sandbox

ADMIN = "sk-admin-of-a-test"
CONFIG = """
vault: file
providers:
  openai:
    dialect: openai-chat
    base_url: "{0}/v1"
    api_key: vault:openai
    allow_private: true
    admin: {{api: openai, key: vault:admin, base_url: "{0}/v1", project: proj_a, service_account: svc_acct_b}}
  bare: {{dialect: openai-chat, base_url: "{0}/v1", api_key: vault:bare, allow_private: true}}
"""


class Typed(io.TextIOWrapper):
    """stdin of a command in a pipe."""

    def __init__(self, content: str) -> None:
        super().__init__(io.BytesIO(content.encode()))

    def fileno(self) -> int:
        raise OSError


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running.listen


@pytest.fixture
def config(provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    file = tmp_path / "g.yaml"
    file.write_text(CONFIG.format(provider))
    for name, secret in (("openai", "the-old-key"), ("bare", "the-old-key-of-bare"), ("admin", ADMIN)):
        monkeypatch.setattr("sys.stdin", Typed(secret))
        assert main(["providers", "set-key", name, "--config", str(file)]) == 0
    return str(file)


def run(config: str, *argv: str) -> int:
    return main(["providers", *argv, "--config", config, "-o", "json"])


def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_minted_key_takes_the_place_of_the_old_one(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "rotate-key", "openai", "--mint", "--yes") == 0
    told = answer(capsys)
    assert (told["state"], told["version_old"], told["version_new"]) == ("done", 1, 2)
    assert run(config, "rotations") == 0
    assert [each["id"] for each in answer(capsys)] == [told["id"]]
    assert run(config, "rotations", "bare") == 0
    assert answer(capsys) == []


def test_a_key_from_a_file_and_what_is_left_to_do_by_hand(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new"
    file.write_text("the-new-key\n")
    file.chmod(0o600)
    assert run(config, "rotate-key", "bare", "--from-file", str(file), "--drain", "90s", "--yes") == 0
    read = capsys.readouterr()
    told = json.loads(read.out.splitlines()[-1])
    assert (told["drain_us"], told["revoked"]) == (90_000_000, False)
    assert "still to do: end the old key (version 1 here, set 20" in read.err
    assert ") in the console of bare" in read.err
    assert "the-new-key" not in read.out + read.err


def test_a_key_that_is_refused_leaves_everything_as_it_was(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new"
    file.write_text("bad-key-of-a-test\n")
    file.chmod(0o600)
    assert run(config, "rotate-key", "bare", "--from-file", str(file), "--yes") == 1
    read = capsys.readouterr()
    assert json.loads(read.out.splitlines()[-1])["state"] == "rolled-back"
    assert "bad-key-of-a-test" not in read.out + read.err


def test_without_a_terminal_it_is_confirmed_with_yes(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "rotate-key", "openai", "--mint") == 2
    assert "--yes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["nobody", "--mint", "--yes"], 3),
        (["bare", "--mint", "--yes"], 2),
        (["openai", "--resume"], 3),
        (["openai", "--cancel"], 3),
        (["openai", "--abandon", "--yes"], 3),
        (["openai", "--mint", "--yes", "--drain", "soon"], 2),
        (["openai", "--key", "another", "--mint", "--yes"], 3),
    ],
)
def test_what_does_not_fit_is_refused(argv: list[str], code: int, config: str) -> None:
    assert run(config, "rotate-key", *argv) == code


def test_two_ways_at_once_are_no_way(config: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(config, "rotate-key", "openai", "--mint", "--resume")
    assert ended.value.code == 2


@pytest.mark.parametrize(("option", "state", "code"), [("--resume", "done", 0), ("--cancel", "rolled-back", 0)])
def test_what_a_killed_command_left_behind_is_gone_on_with_or_rolled_back(
    option: str, state: str, code: int, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ControlStore.open(Home(tmp_path / "home").control) as store:
        ProviderRotations(store).begin("openai", "vault:openai", "openai", Detail(mint=True))
    assert run(config, "rotate-key", "openai", option) == code
    assert answer(capsys)["state"] == state


def test_the_question_names_what_is_affected(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def no(question: str, yes: bool) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr("app.cli.vault_options.confirmed", no)
    assert run(config, "rotate-key", "openai", "--mint") == 1
    assert asked[0].startswith("Rotate vault:openai of openai, version 1, set 20")
    assert "The old one is ended by the provider's admin API." in asked[0]


def test_one_that_can_neither_end_nor_be_cancelled_is_given_up_with_what_may_be_left(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither its provider nor the vault is there any more."""
    with ControlStore.open(Home(tmp_path / "home").control) as store:
        rotations = ProviderRotations(store)
        begun = rotations.begin("gone", "vault:gone", "gone", Detail(mint=True))
        rotations.note(begun, "switching", "failed", minted_id="key_7", failure="the vault has lost the new key")
    (tmp_path / "home" / "vault.gw").unlink()
    assert run(config, "rotate-key", "gone", "--abandon") == 2, "it is asked for"
    assert "--yes" in capsys.readouterr().err
    assert run(config, "rotate-key", "gone", "--abandon", "--yes") == 0
    read = capsys.readouterr()
    assert json.loads(read.out.splitlines()[-1])["state"] == "abandoned"
    assert "still to do: there may be left: the new key (called key_7 there) at gone" in read.err
    assert run(config, "rotate-key", "gone", "--abandon", "--yes") == 3


def test_one_of_several_rotations_of_a_provider_is_named(config: str, tmp_path: Path) -> None:
    with ControlStore.open(Home(tmp_path / "home").control) as store:
        for name in ("a", "b"):
            ProviderRotations(store).begin("many", name, f"many-{name}", Detail())
    assert run(config, "rotate-key", "many", "--abandon", "--yes") == 2
    assert run(config, "rotate-key", "many", "--key", "b", "--abandon", "--yes") == 0
