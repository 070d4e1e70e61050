"""`gatewatch alerts` as it is typed, without a gateway that runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import main
from gatewatch.control.alerts import AlertRow, Alerts, Effect
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

ROW = AlertRow(
    id="drain|key/k1", alert="drain", subject="key/k1", who="search-app of search", state="firing",
    severity="critical", value="8 ×",
    threshold="5 ×", text="drain: key/k1: 8 ×", since=5_000_000, changed_at=5_000_000, told=("ops",),
    actions=(Effect(kind="pause", scope="key", name="k1"),),
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def firing(home: Home) -> Home:
    with ControlStore.open(home.make().control, actor="gateway") as store:
        Alerts(store).settle(fired=[ROW])
    return home


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    assert main(["alerts", *argv, "-o", "json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("firing")
def test_what_fires_is_listed_acknowledged_and_lifted(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = said(capsys, "list")
    assert (row["id"], row["state"], row["actions"]) == ("drain|key/k1", "firing", ["pause key/k1"])
    assert said(capsys, "show", "drain")["value"] == "8 ×"
    (row,) = said(capsys, "ack", "drain", "--note", "mine", "--resume")
    assert (row["state"], row["note"], row["actions"]) == ("acknowledged", "mine", [])


@pytest.mark.usefixtures("firing")
def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "list"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["id", "who", "state", "severity", "value"]
    assert line.startswith("drain|key/k1  search-app of search  firing")
    assert "gatewatch alerts ack 'drain|key/k1' --resume" in line


@pytest.mark.usefixtures("firing")
def test_silences_come_and_go(capsys: pytest.CaptureFixture[str]) -> None:
    made = said(capsys, "silence", "drain", "--for", "2h", "--reason", "a load test")
    assert [each["id"] for each in said(capsys, "silences")] == [made["id"]]
    assert said(capsys, "list")[0]["silenced_until"] == made["until"]
    said(capsys, "unsilence", made["id"])
    assert said(capsys, "silences") == []


@pytest.mark.usefixtures("firing")
def test_a_silence_that_fits_nothing_is_said_beside_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "silence", "nothing*", "--for", "2h", "--reason", "x", "-o", "json"]) == 0
    streams = capsys.readouterr()
    assert json.loads(streams.out)["pattern"] == "nothing*"
    assert "nothing that fires or is watched" in streams.err


@pytest.mark.usefixtures("firing")
def test_what_does_not_fire_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "ack", "slow"]) == 3
    assert "no alert 'slow' fires" in capsys.readouterr().err


def test_where_there_is_no_gateway_nothing_fires_and_nothing_is_made(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "list") == []
    assert said(capsys, "silences") == []
    assert main(["alerts", "ack", "slow"]) == 3
    assert not home.root.exists()


@pytest.mark.usefixtures("firing")
def test_what_is_watched_comes_from_the_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text("alerts: {velocity: {enabled: false}, slow: {when: p95, above: 2s}}", encoding="utf-8")
    names = [row["name"] for row in said(capsys, "watched", "--config", str(file))]
    assert "slow" in names
    assert "velocity" not in names
    assert "velocity" in [row["name"] for row in said(capsys, "watched")]


@pytest.mark.parametrize("argv", [("silence", "x", "--for", "2h"), ("silence", "x", "--reason", "y"), ("ack",), ()])
def test_what_is_missing_is_a_usage_error(argv: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["alerts", *argv])
    assert exit.value.code == 2
