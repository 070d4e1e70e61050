"""Whatever code a call can be refused with, there is a next step, and its command is one that we understand."""

import argparse
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import proxy
from app.cli.discreet_parser import DiscreetParser
from app.cli.explaining.next_step import next_step
from app.cli.main import COMMANDS
from tests.app.cli.explaining.conftest import ROW, MakeRow

_RAISED = re.compile(
    r"(?:\bRefusal|\bupstream|\bbad_request|\b_not_allowed)\(\s*(?:(?:status\s*=\s*)?(\d{3}),\s*)?\"([a-z_]+)\"",
    re.DOTALL,
)
_FAILED = re.compile(r"\"((?:upstream|gateway)_[a-z]+)\": (\d{3}),")
_STATUS = {"bad_request": 400, "_not_allowed": 403}


def codes() -> Iterator[tuple[str, int]]:
    """All that the proxy's sources refuse with, and with which status."""
    root = Path(next(iter(proxy.__path__)))
    for path in root.rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        text = path.read_text()
        for found in _RAISED.finditer(text):
            status = found[1] or str(_STATUS[found[0].partition("(")[0].strip()])
            yield found[2], int(status)
        if path.name == "upstream_error.py":
            yield from ((code, int(status)) for code, status in _FAILED.findall(text))


CODES = sorted(set(codes()))


def understood(command: str) -> argparse.Namespace:
    """As the program itself reads it. Raises SystemExit."""
    name, *rest = shlex.split(command)[1:]
    parser = DiscreetParser(prog=f"gatewatch {name}")
    import_module(COMMANDS[name][0]).add_arguments(parser)
    return parser.parse_args(rest)


def test_the_codes_were_found() -> None:
    assert {
        ("budget_exceeded", 429), ("key_paused", 403), ("route_not_allowed", 403), ("two_keys", 400),
        ("upstream_timeout", 504), ("upstream_tls", 502), ("unsupported_parameter", 400), ("key_kind", 403),
        ("rate_limit_exceeded", 429), ("upstream_rate_limited", 429), ("invalid_api_key", 401),
    } <= set(CODES)  # fmt: skip
    assert len(CODES) > 45


@pytest.mark.parametrize(("code", "status"), CODES)
@pytest.mark.parametrize("known", [{}, dict.fromkeys(("key_id", "team", "provider", "model", "route"))])
def test_each_code_has_a_next_step_that_can_be_typed(
    row: MakeRow, code: str, status: int, known: dict[str, Any]
) -> None:
    told = next_step(row(status="blocked", error_kind=code, http_status=status, error_message=None, **known), {})
    assert told is not None
    assert told.words
    if told.command:
        understood(told.command)


@pytest.mark.parametrize("name", ["two words; rm -rf ~", "'quoted\"", "\x1b[2J"])
@pytest.mark.parametrize("code", ["key_paused", "key_revoked", "key_kind", "upstream_error", "route_not_allowed"])
def test_names_from_calls_stay_one_argument(row: MakeRow, code: str, name: str) -> None:
    names = dict.fromkeys(("key_id", "team", "provider", "model", "route"), name)
    told = next_step(row(status="error", error_kind=code, http_status=403, blocked_by=f"alert {name}", **names), {})
    assert told is not None
    assert told.command
    assert "\x1b" not in told.command
    understood(told.command)


def test_what_a_provider_calls_its_refusal_is_the_requests_fault_or_its_own(row: MakeRow) -> None:
    said = row(status="error", error_kind="context_length_exceeded", http_status=400)
    assert "the request itself" in str(next_step(said, {}))
    failed = next_step(row(status="error", error_kind="odd", http_status=502), {})
    assert failed is not None
    assert failed.command == f"gatewatch providers test {ROW['provider']}"


def test_a_list_of_a_key_is_never_replaced_by_a_command_that_is_pasted(row: MakeRow) -> None:
    told = next_step(row(status="blocked", error_kind="route_not_allowed", http_status=403), {})
    assert told is not None
    assert "gatewatch keys edit kaaa --routes" in told.words
    assert told.command == "gatewatch keys show kaaa"
