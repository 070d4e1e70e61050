"""Calls of the store's scripts, as they go out."""

from collections.abc import Sequence

import msgspec

from gatewatch.limits.counters import Position
from gatewatch.limits.shared.resp import encoded
from gatewatch.limits.shared.scripts import Script

_pack = msgspec.msgpack.Encoder().encode


def parts(script: Script, keys: Sequence[str], *arguments: bytes | str | int) -> list[bytes | str | int]:
    """Of a call, as `Connection.ask` takes them."""
    return ["EVALSHA", script.sha, len(keys), *keys, *arguments]


def plain(script: Script, keys: Sequence[str], *arguments: str | int) -> bytes:
    """Each argument for itself."""
    return encoded(parts(script, keys, *arguments))


def packed(script: Script, keys: Sequence[str], *arguments: object) -> bytes:
    """All in one argument: cheaper on both sides. Numbers that may need more than 53 bits go as texts."""
    return encoded(("EVALSHA", script.sha, len(keys), *keys, _pack(arguments)))


def place(position: Position | None) -> tuple[str, str]:
    """As the store has it: the number of the segment and the offset; empty without one."""
    return (str(int(position[0].rpartition("-")[2])), str(position[1])) if position else ("", "")
