"""`gatewatch providers test` as it is typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.main import main
from tests.kit.running import sandbox

KEY = "canary-without-any-known-shape"
CONFIG = """
providers:
  mine: {{preset: openai, base_url: "{0}/v1", api_key: env:A_TEST_KEY, allow_private: true}}
  chat: {{dialect: openai-chat, base_url: "{0}/v1", api_key: env:A_TEST_KEY, allow_private: true}}
  wrong: {{dialect: openai-chat, base_url: "{0}/v1", api_key: env:A_BAD_KEY, allow_private: true}}
  two:
    dialect: openai-chat
    base_url: "{0}/v1"
    allow_private: true
    api_keys: [{{name: good, key: env:A_TEST_KEY}}, {{name: bad, key: env:A_BAD_KEY}}, {{name: gone, key: env:NO_KEY}}]
  lost: {{preset: mistral, api_key: env:NO_SUCH_KEY}}
models:
  bot: {{targets: [mine/gpt-4o, mine/gpt-4o-mini]}}
"""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running.listen


@pytest.fixture
def config(provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("A_TEST_KEY", KEY)
    monkeypatch.setenv("A_BAD_KEY", f"bad-{KEY}")
    file = tmp_path / "g.yaml"
    file.write_text(CONFIG.format(provider))
    return str(file)


def found(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, dict[str, object]]:
    code = main(["providers", "test", *argv, "-o", "json"])
    said = capsys.readouterr()
    assert KEY not in said.out + said.err
    return code, json.loads(said.out)


def test_a_provider_that_works_is_said_to_work(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = found(capsys, "mine", "--config", config)
    assert (code, said["status"], said["problem"]) == (0, 200, None)
    assert (said["dialect"], said["model"]) == ("openai-responses", "gpt-4o-mini")  # the cheaper target
    assert said["prompts"] == "no training, kept 30 days"


def test_model_and_dialect_can_be_chosen(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = found(capsys, "mine", "--config", config, "--dialect", "openai-chat", "--model", "gpt-4o")
    assert (code, said["dialect"], said["model"]) == (0, "openai-chat", "gpt-4o")


def test_an_embedding_is_made_where_embeddings_are(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = found(capsys, "mine", "--config", config, "--model", "text-embedding-3-small")
    assert (code, said["dialect"], said["status"]) == (0, "openai-chat", 200)


def test_a_failure_is_exit_code_one_with_a_next_step(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = found(capsys, "wrong", "--config", config)
    assert (code, said["status"]) == (1, 401)
    assert "A_BAD_KEY" in str(said["next_step"])
    assert main(["providers", "test", "wrong", "--config", config]) == 1
    out, err = capsys.readouterr()
    assert "401" in out
    assert "gatewatch: wrong: " in err
    assert KEY not in out + err


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["mina"], 3, "did you mean mine?"),
        (["groq"], 3, "groq: {preset: groq}"),
        (["chat", "--dialect", "gemini"], 2, "openai-chat"),
        (["lost"], 1, "NO_SUCH_KEY"),
    ],
)
def test_what_cannot_be_tried_says_why(
    config: str, capsys: pytest.CaptureFixture[str], argv: list[str], code: int, said: str
) -> None:
    assert main(["providers", "test", *argv, "--config", config]) == code
    assert said in capsys.readouterr().err


def test_any_of_several_keys_can_be_tried_and_only_that_one_is_read(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(capsys, "two", "--config", config)[0] == 0
    code, said = found(capsys, "two", "--key", "bad", "--config", config)
    assert (code, said["status"]) == (1, 401)
    assert "A_BAD_KEY" in str(said["next_step"])
    assert main(["providers", "test", "two", "--key", "godo", "--config", config]) == 3
    assert "did you mean good?" in capsys.readouterr().err
