"""Private files that are written whole or not at all, and read only while they are private."""

import os
import stat
from pathlib import Path

from gatewatch.vault.interface import VaultError

LARGEST = 16 * 1024 * 1024


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replaces `path`: whoever reads it, also after a power cut, finds the old content or the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the umask is
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_private(path: Path, proper_mode: str) -> bytes:
    """The content. Raises FileNotFoundError; VaultError where group or others may touch the file, or it is no file."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_CLOEXEC | os.O_NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise VaultError(f"{path} is not a regular file")
        if status.st_mode & 0o077:
            raise VaultError(
                f"{path} is open to other users (mode {stat.S_IMODE(status.st_mode):04o})",
                f"run `chmod {proper_mode} {path}`; who could read it may know what is in it",
            )
        if status.st_size > LARGEST:
            raise VaultError(f"{path} is too large: {status.st_size} bytes")
        return file.read()
