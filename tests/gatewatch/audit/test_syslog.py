"""Events to a syslog daemon: one datagram each, with facility and severity."""

import os
import socket
from pathlib import Path

import pytest

from gatewatch.audit.syslog import LONGEST, Syslog


def test_each_event_is_one_datagram_of_the_private_authorisation_facility(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        daemon.settimeout(5)
        with Syslog(tmp_path / "log") as syslog:
            syslog.send("CEF:0|é", warning=False)
            syslog.send("x" * 20_000, warning=True)
        assert daemon.recv(65_536) == f"<85>gatewatch[{os.getpid()}]: CEF:0|é".encode()
        long = daemon.recv(65_536)
        assert long.startswith(b"<84>")
        assert len(long) == LONGEST


def test_a_daemon_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Syslog(tmp_path / "nobody")
