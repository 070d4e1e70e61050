"""Who runs a process: by what the kernel says of it, which a test lays out in a folder like /proc."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch.authority import login_user as module
from gatewatch.authority.login_user import account_name, login_user

NOBODY = 4294967295
USER = pwd.getpwuid(os.getuid()).pw_name
OTHER = next(each for each in pwd.getpwall() if each.pw_uid not in (0, os.getuid()))


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "_PROC", tmp_path)
    return tmp_path


def lay_out(proc: Path, pid: int, *, loginuid: int | str | None = None, environ: bytes | None = None) -> None:
    (proc / str(pid)).mkdir()
    if loginuid is not None:
        (proc / str(pid) / "loginuid").write_text(str(loginuid))
    if environ is not None:
        (proc / str(pid) / "environ").write_bytes(environ)


def test_the_login_counts_not_the_account_that_it_became(proc: Path) -> None:
    lay_out(proc, 7, loginuid=OTHER.pw_uid, environ=b"SUDO_UID=0\0")
    actor = login_user(7, 0)
    assert (actor.id, actor.source) == (OTHER.pw_name, "pid 7 as root")


def test_behind_sudo_without_a_login_it_is_who_called_sudo(proc: Path) -> None:
    lay_out(proc, 7, loginuid=NOBODY, environ=b"HOME=/root\0SUDO_UID=%d\0" % OTHER.pw_uid)
    assert login_user(7, 0).id == OTHER.pw_name


def test_a_process_that_is_not_roots_claims_nothing_by_its_environment(proc: Path) -> None:
    lay_out(proc, 7, loginuid=NOBODY, environ=b"SUDO_UID=0\0SUDO_USER=root\0")
    assert login_user(7, OTHER.pw_uid).id == OTHER.pw_name


@pytest.mark.parametrize(
    "environ", [b"", b"SUDO_UID=\0", b"SUDO_UID=-1\0", b"SUDO_UID=root\0", b"X=SUDO_UID=1\0", b"\xff"]
)
def test_a_strange_environment_is_no_claim(environ: bytes, proc: Path) -> None:
    lay_out(proc, 7, loginuid=NOBODY, environ=environ)
    assert login_user(7, 0).id == "root"


@pytest.mark.parametrize("loginuid", [NOBODY, "", "-1", "nonsense", None])
def test_a_container_or_a_service_has_no_login_and_is_its_account(loginuid: int | str | None, proc: Path) -> None:
    lay_out(proc, 7, loginuid=loginuid)
    assert login_user(7, OTHER.pw_uid).id == OTHER.pw_name


def test_a_system_without_proc_knows_the_account(proc: Path) -> None:
    assert login_user(7, OTHER.pw_uid).id == OTHER.pw_name


def test_an_account_without_a_name_is_its_number() -> None:
    assert account_name(3_999_999_999) == "3999999999"


def test_this_process_is_somebody_at_the_command_line(proc: Path) -> None:
    actor = login_user()
    assert (actor.id, actor.source) == (USER, f"cli as {USER}")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
@pytest.mark.skipif(os.getuid() != 0, reason="only of root's processes is SUDO_UID believed")
@pytest.mark.skipif(
    Path("/proc/self/loginuid").exists() and Path("/proc/self/loginuid").read_text() != str(NOBODY),
    reason="somebody is logged in",
)
def test_a_real_process_behind_a_real_sudo_variable() -> None:
    told = "from gatewatch.authority.login_user import login_user; print(login_user().id)"
    env = os.environ | {"SUDO_UID": str(OTHER.pw_uid)}
    done = subprocess.run([sys.executable, "-c", told], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == OTHER.pw_name
