import io
from pathlib import Path

import pytest

from app.cli.given_key import LARGEST_KEY, given_key
from gatewatch.errors import UsageError

SECRET = "canary-0123456789"


class Piped:
    """stdin of a command in a pipe."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", Piped(content))


def test_a_file_is_read_and_the_line_end_is_none_of_the_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    assert given_key("the key", str(file)) == SECRET


def test_a_file_that_others_can_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "key"
    file.write_text(SECRET)
    file.chmod(0o644)
    assert given_key("the key", str(file)) == SECRET
    assert "Other users" in capsys.readouterr().err


def test_stdin_is_read_where_it_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, f"  {SECRET}\r\n".encode())
    assert given_key("the key", None) == SECRET


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", f"{SECRET}\x00x".encode(), SECRET.encode() * LARGEST_KEY])
def test_what_is_no_key_is_refused_unseen(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, content)
    with pytest.raises(UsageError) as refused:
        given_key("the key", None)
    assert SECRET not in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        given_key("the key", str(tmp_path / "nothing"))
