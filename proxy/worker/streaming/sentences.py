"""Streams in whole sentences: pieces of text are held until their sentence has ended, or the first of them has waited
long enough.

Keeps true: the text is the same, and so is every frame that is no text; what is held goes out before anything else
does, also before an error; numbers of events have no gaps.
"""

import asyncio

from gatewatch.call import Tokens
from proxy.refusal import Refusal
from proxy.sse import FrameCutter
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.relay_stream import StreamTap
from proxy.worker.streaming.numbered import Numbering
from proxy.worker.streaming.pieces import Piece, piece_of
from proxy.worker.streaming.prose import Prose

LONGEST = 4096
"""Characters that are held."""
_FRAME_BYTES = 1 << 30
"""Frames have been bounded before they come here."""


class Held:
    """Pieces of one text that follow one another."""

    def __init__(self, first: Piece, since: float) -> None:
        self.first = first
        self.text = first.text
        self.since = since
        self._is_first_alone = True

    def add(self, piece: Piece) -> None:
        self.text += piece.text
        self._is_first_alone = False

    def part(self, end: int, now: float) -> bytes:
        """The frame of its text up to there; the rest stays, held since now."""
        frame = self.first.with_text(self.text[:end])
        self.text, self.since, self._is_first_alone = self.text[end:], now, False
        return frame

    def whole(self) -> bytes:
        return self.first.frame if self._is_first_alone else self.first.with_text(self.text)


class Coalescer:
    """Frames of one stream in, frames out. Waits for nothing."""

    def __init__(self, dialect: str, max_wait: float) -> None:
        """`dialect`: the caller's. `max_wait`: seconds."""
        self._dialect = dialect
        self._max_wait = max_wait
        self._cutter = FrameCutter(_FRAME_BYTES)
        self._held: Held | None = None
        self._proses: dict[object, Prose] = {}
        self._numbering = Numbering() if dialect == "openai-responses" else None

    @property
    def due(self) -> float | None:
        """When what is held has to go out; None: nothing is."""
        return None if self._held is None else self._held.since + self._max_wait

    def take(self, data: bytes, now: float) -> bytes:
        """What goes out now that these whole frames have come."""
        out: list[bytes] = []
        for frame in self._cutter.feed(data):
            payload = self._cutter.payload(frame)
            piece = piece_of(self._dialect, frame, payload)
            if piece is None:
                self._let_go(out)
                out.append(self._numbering.give(frame, payload) if self._numbering else frame)
            else:
                self._hold(piece, now, out)
        return b"".join(out)

    def rest(self) -> bytes:
        """All that is held."""
        out: list[bytes] = []
        self._let_go(out)
        return b"".join(out)

    def _let_go(self, out: list[bytes]) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._say(held, held.text, held.whole(), out)

    def _say(self, held: Held, text: str, frame: bytes, out: list[bytes]) -> None:
        self._prose(held).went(text)
        out.append(self._numbering.give(frame, self._cutter.payload(frame)) if self._numbering else frame)

    def _hold(self, piece: Piece, now: float, out: list[bytes]) -> None:
        held = self._held
        if held is not None and held.first.is_like(piece):
            held.add(piece)
        else:
            self._let_go(out)
            held = self._held = Held(piece, now)
        end = self._prose(held).end_in(held.text)
        if end == len(held.text) or len(held.text) > LONGEST:
            self._let_go(out)
        elif end:
            self._say(held, held.text[:end], held.part(end, now), out)

    def _prose(self, held: Held) -> Prose:
        place = held.first.place
        prose = self._proses.get(place)
        if prose is None:
            prose = self._proses[place] = Prose()
        return prose


class Sentences:
    """A tap whose text comes in whole sentences."""

    def __init__(self, tap: StreamTap, dialect: str, max_wait: float) -> None:
        self._tap = tap
        self._coalescer = Coalescer(dialect, max_wait)
        self._now = asyncio.get_running_loop().time
        self._failure: Exception | None = None

    def last(self, tokens: Tokens) -> bytes:
        """As `StreamTap.last`."""
        return self._coalescer.take(self._tap.last(tokens), 0.0) + self._coalescer.rest()

    async def behind(self, first: bytes) -> bytes:
        """As `next`, where these frames were read already."""
        return self._coalescer.take(first, self._now()) or await self.next()

    async def next(self) -> bytes:
        """As `StreamTap.next`; what is held goes out before it raises, which it does the next time."""
        while True:
            if self._failure is not None:
                raise self._failure
            try:
                data = await self._read()
            except TimeoutError:
                return self._coalescer.rest()
            except (Refusal, UpstreamFailed) as failure:
                self._failure = failure
                if rest := self._coalescer.rest():
                    return rest
                continue
            if not data:
                return self._coalescer.rest()
            if out := self._coalescer.take(data, self._now()):
                return out

    async def _read(self) -> bytes:
        """Raises TimeoutError when what is held has waited long enough."""
        due = self._coalescer.due
        if due is None:
            return await self._tap.next()
        async with asyncio.timeout_at(due):
            return await self._tap.next()
