"""`gatewatch bodies show` as it is typed: harmless on a terminal, with the text's own lines."""

import json
from pathlib import Path

import pytest

from app.cli.bodies import told
from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from tests.kit.bodies_made import keep
from tests.kit.journals import a_call, segment, whole

CALL = a_call(0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    made = Home(tmp_path / "home").make()
    ControlStore.open(made.control, actor="gateway").close()
    segment(made, whole(CALL))
    keep(made, CALL, json.dumps({"messages": [{"role": "user", "content": "one\n\x1b[31mtwo"}], "n": None}).encode())
    return made


@pytest.mark.usefixtures("home")
def test_a_body_is_printed_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bodies", "show", CALL.call_id]) == 0
    assert capsys.readouterr().out == (
        "Request, 76 bytes\n  messages\n    [0]\n      role: user\n      content: one\n        ␛[31mtwo\n  n: –\n"
    )
    assert main(["bodies", "show", CALL.call_id, "-o", "json"]) == 0
    ((body),) = json.loads(capsys.readouterr().out)
    assert body["body"]["messages"][0]["content"] == "one\n\x1b[31mtwo"


@pytest.mark.usefixtures("home")
def test_a_call_without_bodies_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bodies", "show", a_call(5).call_id]) == 3
    assert "no bodies are kept" in capsys.readouterr().err


def test_what_was_taken_out_and_left_out_is_said() -> None:
    body = {"kind": "reply", "size": 900, "cut": 40, "redacted": {"secret": 2, "email": 1}, "body": "text\nmore"}
    assert list(told(body)) == [
        "Reply, 900 bytes (2 × secret taken out, 1 × email taken out, 40 characters left out)",
        "  text",
        "  more",
    ]


@pytest.mark.usefixtures("home")
def test_retention_is_a_view(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "retention", "-o", "json"]) == 0
    assert [row["class"] for row in json.loads(capsys.readouterr().out)][:2] == ["bodies", "calls"]
