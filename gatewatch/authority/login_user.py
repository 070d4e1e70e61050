"""Who runs a process of this machine: the user that logged in, not only the account that it runs as.

In this order: the kernel's loginuid, which follows a login through sudo and su; SUDO_UID of a process of root's; the
account. What that proves:

- A loginuid is set once at the login (pam_loginuid) and changed by root alone, so without root nobody acts as another.
- Where nobody logged in it is 4294967295: services, cron, most containers, and processes of another user namespace.
  Then SUDO_UID tells the person behind a `sudo`, and of root's processes only: anyone else could write anything there.
  A gateway that is not root's cannot read root's environment, and takes such a process for root.
- The rest is the account. macOS has no /proc: everything is the account there.
- Whoever has the account's password, or root, can start a process without a login and act as the account. Names are for
  the audit trail and for a rule among colleagues; what keeps strangers out is the mode of the files and of the socket.

A process may end while it is looked at, and its number go to another: `proxy.control.peers` asks whether the one that
asked is still there after it was looked at.
"""

import os
import pwd
from pathlib import Path

from gatewatch.authority.actor import Actor

_NOBODY_LOGGED_IN = 0xFFFFFFFF
_PROC = Path("/proc")


def login_user(pid: int | None = None, uid: int | None = None) -> Actor:
    """The actor behind a process; this one's where none is named. The role is for the control store to say."""
    own = pid is None
    pid, uid = os.getpid() if pid is None else pid, os.getuid() if uid is None else uid
    account = account_name(uid)
    name = _login_name(pid) or (_sudo_user(pid) if uid == 0 else None) or account
    return Actor(id=name, source=f"{'cli' if own else f'pid {pid}'} as {account}")


def account_name(uid: int) -> str:
    """The account's name, its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _login_name(pid: int) -> str | None:
    try:
        uid = int((_PROC / str(pid) / "loginuid").read_text())
    except (OSError, ValueError):
        return None
    return account_name(uid) if 0 <= uid < _NOBODY_LOGGED_IN else None


def _sudo_user(pid: int) -> str | None:
    """Only ever asked of root's processes."""
    try:
        environ = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    for entry in environ:
        if entry.startswith(b"SUDO_UID=") and entry[9:].isdigit():
            return account_name(int(entry[9:]))
    return None
