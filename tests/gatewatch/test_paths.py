"""One gateway, one folder: where it is, and who may look into it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.errors import NotAllowed
from gatewatch.paths import Home


@pytest.fixture(autouse=True)
def a_bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """With a folder for sockets that is short, and this test's own."""
    for name in ("GATEWATCH_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "ann"))
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/tmp") as short:
        monkeypatch.setenv("TMPDIR", short)
        yield


def test_the_option_wins_over_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "variable"))
    assert Home.find(str(tmp_path / "option")).root == tmp_path / "option"
    assert Home.find().root == tmp_path / "variable"


def test_a_relative_home_stays_the_same_when_the_process_moves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home.find("here")
    monkeypatch.chdir("/")
    assert home.ledger == tmp_path / "here" / "ledger.duckdb"


def test_without_either_it_is_the_platform_s_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert Home.find().root == tmp_path / "ann" / ".local" / "share" / "gatewatch"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Home.find().root == tmp_path / "data" / "gatewatch"
    monkeypatch.setattr("sys.platform", "darwin")
    assert Home.find().root == tmp_path / "ann" / "Library" / "Application Support" / "gatewatch"


def test_only_its_owner_may_look_into_a_home(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make().make()
    for folder in (home.root, home.journal, home.loaded):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_everything_of_a_gateway_but_its_sockets_is_in_its_home(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    files = [home.config, home.control, home.ledger, home.journal, home.loaded, home.vault, home.vault_key, home.lock]
    assert all(path.is_relative_to(home.root) for path in files)
    assert len(set(files)) == len(files)


def test_the_sockets_of_a_deep_home_fit_into_a_socket_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    home = Home(tmp_path / ("deep/" * 60))
    assert len(str(home.socket)) < 104
    assert len(str(home.worker_socket)) < 104
    assert home.socket != home.worker_socket
    assert home.socket != Home(tmp_path / "other").socket


def test_two_ways_to_one_home_meet_at_one_socket(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert Home(tmp_path / "link").socket == Home(tmp_path / "home").socket


def test_a_runtime_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = Home(tmp_path / "home").socket.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(NotAllowed, match="0700"):
        Home(tmp_path / "home").socket  # noqa: B018 - the property is what refuses


def test_a_runtime_folder_that_is_gone_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/of-a-session-that-has-ended")
    assert Home(tmp_path / "home").socket.parent.name == f"gatewatch-{os.getuid()}"


@pytest.mark.parametrize("variable", ["XDG_RUNTIME_DIR", "TMPDIR"])
def test_a_folder_too_long_for_a_socket_is_not_taken(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setenv(variable, str(long))
    assert len(str(Home(tmp_path / "home").worker_socket)) < 104
