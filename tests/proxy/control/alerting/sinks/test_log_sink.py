"""Alerts in the gateway's log: one line each, to be read by a program."""

import json
import logging

import pytest

from proxy.control.alerting.sinks.log_sink import LogSink
from tests.kit.firings import a_firing


def test_each_is_one_line_of_json_at_the_level_of_its_severity(caplog: pytest.LogCaptureFixture) -> None:
    sink = LogSink("gw-1:4000")
    with caplog.at_level(logging.INFO, "gatewatch.alerts"):
        for fields in (
            {"severity": "info"},
            {"severity": "warning", "text": "two\nlines\x1b[31m"},
            {"severity": "critical"},
            {"severity": "critical", "state": "cleared"},
        ):
            sink.tell(a_firing(**fields))
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.INFO, logging.WARNING, logging.CRITICAL, logging.INFO]
    for record in caplog.records:
        line = record.getMessage()
        assert line.isprintable()
        said = json.loads(line.removeprefix("alert "))
        assert (said["alert"], said["gateway"]) == ("slow", "gw-1:4000")
