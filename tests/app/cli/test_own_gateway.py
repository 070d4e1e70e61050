"""A gateway that a console has started: up, drained, and what is said when it does not come up."""

import os
import signal
import stat
from pathlib import Path

import pytest

from app.cli.own_gateway import OwnGateway
from gatewatch.control_client import ControlClient, answers
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home

CONFIG = """\
vault: file
providers:
  local: {dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: none, allow_private: true}
models:
  bot: {targets: [local/bot]}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home").make()
    made.config.write_text(CONFIG, encoding="utf-8")
    return made


def test_it_is_ready_when_it_is_there_and_gone_when_it_is_stopped(home: Home) -> None:
    gateway = OwnGateway.start(home, port=0)
    try:
        with ControlClient(home.socket) as control:
            assert control.live()["pid"] == gateway.pid
        assert os.getsid(gateway.pid) != os.getsid(0), "a ctrl+c at the console must not reach it"
        assert stat.S_IMODE(home.gateway_log.stat().st_mode) == 0o600
        assert gateway.ended is None
    finally:
        code = gateway.stop()
    assert code == 0
    assert gateway.ended == 0
    assert not answers(home.socket)


def test_one_that_does_not_come_up_says_why_and_what_to_do(home: Home) -> None:
    home.config.write_text("listen: nowhere\n", encoding="utf-8")
    with pytest.raises(GatewatchError, match="The gateway did not start: ") as caught:
        OwnGateway.start(home, port=0)
    assert str(home.gateway_log) in caught.value.next_step
    assert "listen" in str(caught.value)


def test_one_that_has_ended_by_itself_is_not_waited_for(home: Home) -> None:
    gateway = OwnGateway.start(home, port=0)
    os.kill(gateway.pid, signal.SIGTERM)
    assert gateway.stop() == 0


def test_it_gets_the_secrets_that_the_console_was_given(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"GATEWATCH_OWN_PEPPER": "0" * 64, "GATEWATCH_OWN_AUDIT_KEY": "1" * 64}
    monkeypatch.setattr("gatewatch.vault.environment_vault._taken", given)  # as a command has taken them at its start
    home.config.write_text(CONFIG.replace("vault: file", "vault: env"), encoding="utf-8")
    gateway = OwnGateway.start(home, port=0)
    try:
        with ControlClient(home.socket) as control:
            assert control.live()["vault"]["backend"] == "env"
        assert b"0" * 64 not in Path(f"/proc/{gateway.pid}/environ").read_bytes()
    finally:
        assert gateway.stop() == 0
