"""Alerts as an operator writes them."""

from pathlib import Path

import pytest

from gatewatch.alerts.amount import Amount
from gatewatch.config import ConfigError, load
from gatewatch.config.loading import Loaded


def loaded(tmp_path: Path, text: str) -> Loaded:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, {})


WRITTEN = """
alerts:
  slow:
    when: p95
    above: 2s
    for: 1m
    per: team
    only: [search, chat]
    window: 10m
    do: [notify, step_down]
    clear: 1500ms
    clear_for: 2m
    severity: critical
"""


def test_what_is_written_is_read_and_written_back_the_same(tmp_path: Path) -> None:
    first = loaded(tmp_path, WRITTEN)
    slow = first.config.alerts["slow"]
    assert (slow.when, slow.above, slow.lasting) == ("p95", Amount("time", 2_000_000), 60_000_000)
    assert (slow.per, slow.only, slow.do) == ("team", ("search", "chat"), ("notify", "step_down"))
    assert "    for: 1m\n" in first.text()
    again = loaded(tmp_path, first.text())
    assert again.config.alerts == first.config.alerts
    assert again.version == first.version


def test_401_is_a_word_of_the_file_though_yaml_reads_a_number(tmp_path: Path) -> None:
    alert = loaded(tmp_path, "alerts: {a: {when: 401, above: 20}}").config.alerts["a"]
    assert (alert.when, alert.above) == ("401", Amount("count", 20))


def test_without_a_word_nothing_is_written_of_any_alert(tmp_path: Path) -> None:
    assert loaded(tmp_path, "workers: 1").config.alerts == {}


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ("{when: p95, above: 2 s}", "alerts.a.above"),
        ("{when: p95, above: [2s]}", "alerts.a.above"),
        ("{when: p96, above: 2s}", "did you mean p95?"),
        ("{when: p95, above: 2s, window: 2d}", "1s to 24h"),
        ("{when: p95, above: 2s, window: 100ms}", "1s to 24h"),
        ("{when: p95, above: 2s, do: [explode]}", "notify, step_down, shift, throttle, pause"),
        ("{when: p95, above: 2s, per: floor}", "gateway, environment, team"),
        ("{when: p95, above: 2s, only: []}", "at least one item"),
        ("{when: p95, above: 2s, severity: bad}", "info, warning, critical"),
        ("{when: p95, above: 2s, forr: 1m}", "an unknown key"),
    ],
)
def test_what_cannot_be_is_refused_with_what_could(tmp_path: Path, alert: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, f"alerts:\n  a: {alert}\n")
    assert said in str(refused.value)


def test_a_secret_in_place_of_a_name_is_not_repeated(tmp_path: Path) -> None:
    secret = "sk-proj-" + "a1B2" * 12
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, f"alerts:\n  a: {{when: errors, above: 5%, per: team, only: [{secret}]}}\n")
    assert secret not in str(refused.value)
