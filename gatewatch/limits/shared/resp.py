"""The language of the store (RESP2): commands out, answers in, however the bytes come."""

from collections.abc import Iterable

LONGEST = 512 * 1024 * 1024
"""Bytes of one answer; a store that sends more is none."""


class StoreError(Exception):
    """The store says no. Its first word names why: `NOSCRIPT`, `MOVED`, `WRONGPASS`."""

    @property
    def kind(self) -> str:
        return str(self).partition(" ")[0]


class NotTheStore(Exception):
    """What came is no answer of a store."""


def encoded(parts: Iterable[bytes | str | int]) -> bytes:
    """One command."""
    texts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    out = [b"*%d\r\n" % len(texts)]
    out += [b"$%d\r\n%b\r\n" % (len(text), text) for text in texts]
    return b"".join(out)


class Answers:
    """Puts answers together from what comes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[object]:
        """The answers that are whole now: bytes, int, None, StoreError, or a list of such. Raises NotTheStore."""
        data = self._rest + data if self._rest else data
        found: list[object] = []
        at = 0
        try:
            while at < len(data):
                answer, at = _read(data, at)
                found.append(answer)
        except _Partial:
            if len(data) - at > LONGEST:
                raise NotTheStore("an answer without an end") from None
        except ValueError:
            raise NotTheStore("no answer of a store") from None
        self._rest = data[at:]
        return found


class _Partial(Exception):
    pass


_PARTIAL = _Partial()


def _read(data: bytes, at: int) -> tuple[object, int]:
    end = data.find(b"\r\n", at)
    if end < 0:
        raise _PARTIAL
    kind, text, behind = data[at], data[at + 1 : end], end + 2
    if kind == 36:  # $
        length = int(text)
        if length < 0:
            return None, behind
        if len(data) < behind + length + 2:
            raise _PARTIAL
        return data[behind : behind + length], behind + length + 2
    if kind == 42:  # *
        count = int(text)
        if count < 0:
            return None, behind
        parts = []
        for _ in range(count):
            part, behind = _read(data, behind)
            parts.append(part)
        return parts, behind
    if kind == 58:  # :
        return int(text), behind
    if kind == 43:  # +
        return text, behind
    if kind == 45:  # -
        return StoreError(text.decode("utf-8", "replace")), behind
    raise ValueError
