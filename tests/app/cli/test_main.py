"""One command is chosen, its exit code is kept, and what an operator can mend is said without a traceback."""

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from app.cli.main import COMMANDS, DEFAULT, HIDDEN, main
from gatewatch import __version__
from gatewatch.errors import NotFound, Unreachable


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[argparse.Namespace]]:
    """Puts a command of our own in the place of a real one; returns the list of what it was run with."""

    def replace(name: str, outcome: int | BaseException = 0) -> list[argparse.Namespace]:
        ran: list[argparse.Namespace] = []

        def add_arguments(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("words", nargs="*")
            parser.add_argument("--keep", action="store_true")

        def run(args: argparse.Namespace) -> int:
            ran.append(args)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        module = ModuleType("a_command")
        module.add_arguments = add_arguments  # type: ignore[attr-defined]
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, HIDDEN.get(name) or COMMANDS[name][0], module)
        return ran

    return replace


def test_a_command_runs_with_its_arguments_and_its_exit_code_is_ours(
    command: Callable[..., list[argparse.Namespace]],
) -> None:
    ran = command("show", 3)
    assert main(["show", "calls"]) == 3
    assert ran[0].words == ["calls"]


@pytest.mark.parametrize("argv", [[], ["--keep"], [":calls team=search"]])
def test_without_a_command_it_is_the_console(argv: list[str], command: Callable[..., list[argparse.Namespace]]) -> None:
    ran = command(DEFAULT)
    assert main(argv) == 0
    assert len(ran) == 1


@pytest.mark.parametrize(
    ("error", "code"), [(NotFound("no key k_1", "gatewatch keys list"), 3), (Unreachable("no gateway"), 5)]
)
def test_what_an_operator_can_mend_is_said_on_stderr_without_a_traceback(
    error: Exception,
    code: int,
    command: Callable[..., list[argparse.Namespace]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    command("keys", error)
    assert main(["keys"]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"gatewatch: {error}\n"


def test_a_mistake_of_ours_is_not_hidden(command: Callable[..., list[argparse.Namespace]]) -> None:
    command("keys", RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        main(["keys"])


def test_ctrl_c_is_no_traceback(command: Callable[..., list[argparse.Namespace]]) -> None:
    command("show", KeyboardInterrupt())
    assert main(["show"]) == 130


def test_an_unknown_command_is_a_usage_error_that_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["shwo"])
    assert exit_.value.code == 2
    assert "shwo" in (said := capsys.readouterr().err)
    assert "doctor" in said


def test_a_key_in_place_of_a_command_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sk-proj-canary0123456789abcdef0123456789"])
    assert "canary" not in capsys.readouterr().err


def test_help_names_every_command_and_no_hidden_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)
    assert not any(name in printed for name in HIDDEN)


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gatewatch {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "closed", "said"),
    [
        ("keys identify", "<&-", "there is no gateway in"),
        ("providers set-key x", "<&-", "no key was given"),
        ("keys identify", "<&- 2>&-", ""),
        ("config schema", ">&-", "stdout is closed"),
    ],
)
def test_a_stream_that_was_closed_is_no_traceback(argv: str, closed: str, said: str, tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m gatewatch {argv} --home {tmp_path} {closed}"
    if argv == "config schema":
        command = command.replace(f" --home {tmp_path}", "")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (1, 2, 3)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
