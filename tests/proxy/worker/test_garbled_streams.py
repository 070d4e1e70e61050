"""Whatever a provider's frames hold, an app reads whole frames of its own dialect, and then an end or an error."""

import asyncio
import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewatch.call import Tokens
from proxy.dialects.provider_error import UNREADABLE, ProviderError
from proxy.eventstream import EventFrames
from proxy.refusal import Refusal
from proxy.sse import FrameCutter
from tests.kit.caller_streams import payloads
from tests.kit.provider_streams import DIALECTS, dialect_of, said
from tests.kit.taps import CALL_ID, CALLERS, an_exchange, straight, translated
from tests.proxy.worker.test_stream_ends import ERRORS, aws
from tests.proxy.worker.test_translated import PAIRS

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**9,
    10**30,
    1.5,
    "",
    "x",
    [],
    {},
    [None],
    {"a": 1},
    [[1]],
    [{"type": "text"}],
]
"""What may stand where something else was expected."""
Where = tuple[str | int, ...]


def frames_of(provider: str) -> list[bytes]:
    calls = [("f", {"city": 'Zür"ich'}), ("g", {})]
    frames = said(provider, "é \n 🙂", thinking="hm ok", calls=calls).frames
    return [*frames, ERRORS[provider]]


def places(value: Any, at: Where = ()) -> list[Where]:
    found: list[Where] = [at]
    if isinstance(value, dict):
        return found + [place for name, inner in value.items() for place in places(inner, (*at, name))]
    if isinstance(value, list):
        return found + [place for index, inner in enumerate(value) for place in places(inner, (*at, index))]
    return found


def changed(value: Any, at: Where, new: Any) -> Any:
    """The same with something else in one place; `...` takes it away."""
    if not at:
        return {} if new is ... else new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(at) == 1 and new is ...:
        del copy[at[0]]  # type: ignore[arg-type]
    else:
        copy[at[0]] = changed(value[at[0]], at[1:], new)  # type: ignore[index,call-overload]
    return copy


@st.composite
def garbled(draw: st.DrawFn, provider: str) -> list[bytes]:
    """The frames of a good stream and an error, some of them twice, none, elsewhere or with another value in them."""
    frames = draw(st.lists(st.sampled_from(frames_of(provider)), min_size=1, max_size=12))
    return [_garble(draw, provider, frame) if draw(st.booleans()) else frame for frame in frames]


def _garble(draw: st.DrawFn, provider: str, frame: bytes) -> bytes:
    if provider == "bedrock-converse":
        ((name, value),) = json.loads(EventFrames(1 << 20).feed(frame)[0]).items()
        new = changed(value, draw(st.sampled_from(places(value))), draw(st.sampled_from([*VALUES, ...])))
        return aws(json.dumps(new).encode(), name)
    start = frame.index(b"data: ") + 6
    if frame[start:].startswith(b"[DONE]"):
        return frame
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(start, len(frame) - 5))
        return (
            frame[:at] + bytes([draw(st.integers(0, 255).filter(lambda byte: byte not in b"\r\n"))]) + frame[at + 1 :]
        )
    value = json.loads(frame[start:])
    new = changed(value, draw(st.sampled_from(places(value))), draw(st.sampled_from([*VALUES, ...])))
    return frame[:start] + json.dumps(new, ensure_ascii=draw(st.booleans())).encode() + b"\n\n"


async def told(frames: list[bytes], provider: str, caller: str) -> bytes:
    """All that an app reads."""
    tap = translated(an_exchange(frames), provider, caller)
    out = b""
    try:
        while data := await tap.next():
            out += data
        return out + tap.last(tap.tokens() or Tokens())
    except Refusal as refusal:
        return out + CALLERS[caller].error_event(refusal, CALL_ID)


@pytest.mark.parametrize(("provider", "caller"), PAIRS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_app_reads_whole_frames_whatever_came(provider: str, caller: str, data: st.DataObject) -> None:
    out = asyncio.run(told(data.draw(garbled(provider)), provider, caller))
    said = payloads(out)
    assert said, "an end at least, or an error"
    last = said[-1]
    ends = [each for each in said if each == "[DONE]" or is_end(each)]
    assert ends == [last], "one end, and it is the last"


def is_end(event: dict[str, Any] | str) -> bool:
    if isinstance(event, str):
        return event == "[DONE]"
    kind = event.get("type")
    if kind is None:
        return "error" in event
    return kind in ("error", "message_stop", "response.completed", "response.incomplete", "response.failed")


@pytest.mark.parametrize("provider", [name for name in DIALECTS if dialect_of(name).endpoints])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_straight_nothing_passes_that_did_not_come(provider: str, data: st.DataObject) -> None:
    frames = data.draw(garbled(provider))

    async def passes() -> bytes:
        tap = straight(an_exchange(frames), provider)
        out = b""
        with suppress(Refusal):
            while more := await tap.next():
                out += more
        return out

    out = asyncio.run(passes())
    assert b"".join(frames).startswith(out)


@pytest.mark.parametrize("provider", DIALECTS)
@given(data=st.binary(max_size=80))
def test_bytes_of_any_kind_raise_nothing_else(provider: str, data: bytes) -> None:
    for payload in (data, b'{"' + data, b'{"type":"' + data + b'"}', b'{"error":{"message":"' + data + b'"}}'):
        with suppress(ProviderError, *UNREADABLE):
            dialect_of(provider).reader().read(payload)
        dialect_of(provider).read_error(500, payload)


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_a_cutter_takes_any_bytes(data: bytes, cuts: list[int]) -> None:
    """What comes out is what came in, but for a byte order mark and line feeds that end nothing."""
    cutter = FrameCutter(1 << 20)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    out = b"".join(frame for start, end in pairwise(edges) for frame in cutter.feed(data[start:end]))
    out += cutter.rest
    wanted = data.removeprefix(b"\xef\xbb\xbf")
    assert out.replace(b"\n", b"") == wanted.replace(b"\n", b"")
