"""The sub-commands of `gatewatch keys`."""

from collections.abc import Callable

import pytest

from app.cli.keys import COMMANDS

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(run: Run, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(name, "--help")
    assert ended.value.code == 0
    assert "--home" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["show", "rotate", "revoke", "edit"])
def test_where_there_is_no_gateway_there_is_no_key_and_none_is_made(run: Run, name: str, tmp_path: object) -> None:
    del tmp_path
    options = ("--yes",) if name in ("rotate", "revoke") else ("--name", "x") if name == "edit" else ()
    code, out, _ = run(name, "nobody", *options)
    assert (code, out) == (3, "")
