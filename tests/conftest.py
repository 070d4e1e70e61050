"""What holds for every test: nothing leaves this machine, and nothing of its owner's set-up gets in."""

import ipaddress
import os
import sys
import time

import pytest
from hypothesis import settings

A_FAR_ZONE = "<+1345>-13:45"
"""Local time is 13 h 45 min ahead of UTC in all tests, so that code which reads local time is wrong everywhere."""


def pytest_configure() -> None:
    """Before anything is collected, in each xdist process; what the tests start inherits it."""
    for name in list(os.environ):
        if name.upper().endswith(("_API_KEY", "_PROXY", "_BASE_URL")) or name == "PYTHON_KEYRING_BACKEND":
            del os.environ[name]
    os.environ["GATEWATCH_HOME"] = "/nonexistent/a-test-names-its-own-home"
    os.environ["TZ"] = A_FAR_ZONE
    time.tzset()
    # CI judges the same examples each time; everybody's own runs go on looking for new ones.
    settings.register_profile("gatewatch", deadline=None, print_blob=True, derandomize="CI" in os.environ)
    settings.load_profile("gatewatch")
    sys.addaudithook(stay_on_this_machine)


def stay_on_this_machine(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse a connection to any address but loopback."""
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not is_local(str(address[0])):
        pytest.fail(f"a test connects to {address[0]}; tests run offline", pytrace=True)


def is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
