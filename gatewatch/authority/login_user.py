"""Who runs a process of this machine: the user that logged in, not only the account that it runs as.

The kernel's loginuid follows a login through sudo and su and cannot be changed without privileges; where there is none
(containers, services), SUDO_USER of a process of root's, else the account.
"""

import os
import pwd
from pathlib import Path

from gatewatch.authority.actor import Actor

_NOBODY_LOGGED_IN = 0xFFFFFFFF


def login_user(pid: int | None = None, uid: int | None = None) -> Actor:
    """The actor behind a process; this one's where none is named. The role is for the control store to say."""
    own = pid is None
    pid, uid = os.getpid() if pid is None else pid, os.getuid() if uid is None else uid
    account = _name(uid)
    name = _login_name(pid) or (_sudo_user(pid) if uid == 0 else None) or account
    return Actor(id=name, source=f"{'cli' if own else f'pid {pid}'} as {account}")


def _login_name(pid: int) -> str | None:
    try:
        uid = int(Path(f"/proc/{pid}/loginuid").read_text())
    except (OSError, ValueError):
        return None
    return None if uid == _NOBODY_LOGGED_IN else _name(uid)


def _sudo_user(pid: int) -> str | None:
    """Only ever asked of root's processes: anyone else could claim anything there."""
    try:
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    for entry in environ:
        if entry.startswith(b"SUDO_UID=") and entry[9:].isdigit():
            return _name(int(entry[9:]))
    return None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
