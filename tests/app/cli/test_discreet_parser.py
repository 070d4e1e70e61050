"""Errors about arguments do not repeat secrets."""

import argparse

import pytest

from app.cli.discreet_parser import DiscreetParser

KNOWN = "sk-proj-canary0123456789abcdef0123456789"
UNKNOWN = "0123456789abcdef0123456789abcdef"


def parser() -> DiscreetParser:
    top = DiscreetParser(prog="gatewatch providers")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    setting = commands.add_parser("set-key")
    setting.add_argument("name")
    setting.add_argument("-o", choices=("table", "json"))
    setting.add_argument("--fd", type=int)
    return top


@pytest.mark.parametrize(
    "argv",
    [
        ["set-key", "openai", KNOWN],
        ["set-key", "openai", UNKNOWN],
        ["set-key", "openai", "--key", UNKNOWN],
        ["set-key", "openai", f"--key={UNKNOWN}"],
        ["set-key", "openai", "-o", KNOWN],
        ["set-key", "openai", "--fd", KNOWN],
        [KNOWN],
        ["--key", UNKNOWN, "set-key", "openai"],
    ],
    ids=lambda argv: str(len(argv)),
)
def test_a_secret_typed_in_the_wrong_place_is_not_repeated(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(argv)
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert KNOWN not in said.err + said.out
    assert UNKNOWN not in said.err + said.out


def test_an_option_that_is_not_known_is_still_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["set-key", "openai", "--forze", "x", "--what=y"])
    assert "unrecognized arguments: --forze, --what, 1 more\n" in capsys.readouterr().err


def test_what_fits_is_read_as_by_any_parser() -> None:
    assert parser().parse_args(["set-key", "openai", "-o", "json"]) == argparse.Namespace(
        name="openai", o="json", fd=None
    )
