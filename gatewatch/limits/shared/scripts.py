"""What the store does in one go: the Lua scripts beside this file, and what each is called there."""

import hashlib
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "lua"


class Script(NamedTuple):
    """One script."""

    source: str
    sha: str
    """As `EVALSHA` wants it."""


def _script(name: str) -> Script:
    source = "".join((_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in ("prelude", name))
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


RESERVE = _script("reserve")
SETTLE = _script("settle")
HELLO = _script("hello")
HOLD = _script("hold")
BURY = _script("bury")
BEGIN = _script("begin")
FILL = _script("fill")
SEAL = _script("seal")
STANDING = _script("standing")

OF_WORKERS = (RESERVE, SETTLE, HELLO, HOLD)
OF_CONTROL = (SETTLE, BURY, BEGIN, FILL, SEAL, STANDING)
