"""Sinks of alerts, tried out by an operator: by the gateway that has them, and on the record."""

from pathlib import Path
from typing import Any

import pytest

from gatewatch.errors import GatewatchError, Unreachable
from tests.kit.acting import RunningGateway, Stage


class Refusing(RunningGateway):
    def test_alert_sink(self, name: str) -> dict[str, Any]:
        raise GatewatchError(f"The alert sink {name} did not take it: it answered 403.")


def test_how_it_went_is_told_and_on_the_record(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.gateway = RunningGateway()
    assert stage.do("alerts.test", name="ops")["said"] == "answered 200"
    assert stage.deeds()[-1] == ("alert.test", "ops", "ok")


def test_a_try_that_fails_is_on_the_record_too(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.gateway = Refusing()
    with pytest.raises(GatewatchError, match="it answered 403"):
        stage.do("alerts.test", name="ops")
    assert stage.deeds()[-1] == ("alert.test", "ops", "failed")


def test_sinks_are_those_of_a_gateway_that_runs(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no gateway runs"):
        Stage(tmp_path).do("alerts.test", name="ops")
