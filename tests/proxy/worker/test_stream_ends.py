"""Streams that end as they should not: what was whole goes out first, then why it broke, and nothing after that.

What a caller gets then is told by test_stream_errors.py, through a whole worker.
"""

import itertools
from struct import pack
from zlib import crc32

import pytest

from tests.kit.caller_streams import heard
from tests.kit.provider_streams import DIALECTS, dialect_of, said
from tests.kit.taps import BODIES, an_exchange, broken, straight, translated, whole
from tests.proxy.worker.test_translated import PAIRS, deltas_of

TEXT = "aaaabbbbccccddddeeee"
FAR = 3
"""Deltas of text that come before the end."""


def spoken(provider: str, count: int = FAR) -> list[bytes]:
    """The frames of a stream up to its third delta of text."""
    frames = said(provider, TEXT).frames
    piece = TEXT[4 * (count - 1) : 4 * count].encode()
    return frames[: next(at for at, frame in enumerate(frames) if piece in frame) + 1]


def sse(data: bytes, event: str = "") -> bytes:
    return (f"event: {event}\n".encode() if event else b"") + b"data: " + data + b"\n\n"


def aws(data: bytes, event: str, *, kind: str = "event") -> bytes:
    """docs.aws.amazon.com: "Event stream encoding" of Amazon Transcribe."""
    fields = ((f":{kind}-type", event), (":content-type", "application/json"), (":message-type", kind))
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + pack("!H", len(value)) + value.encode() for name, value in fields
    )
    prelude = pack("!II", 16 + len(headers) + len(data), len(headers))
    message = prelude + pack("!I", crc32(prelude)) + headers + data
    return message + pack("!I", crc32(message))


ERRORS = {
    "openai-chat": sse(b'{"error":{"message":"Too much at once","type":"server_error","code":503}}'),
    "openai-responses": sse(
        b'{"type":"error","sequence_number":9,"code":"server_error","message":"Too much at once","param":null}', "error"
    ),
    "anthropic-messages": sse(
        b'{"type":"error","error":{"type":"overloaded_error","message":"Too much at once"}}', "error"
    ),
    "gemini": sse(b'{"error":{"code":503,"message":"Too much at once","status":"UNAVAILABLE"}}'),
    "bedrock-converse": aws(b'{"message":"Too much at once"}', "serviceUnavailableException", kind="exception"),
}
"""How each vendor says in a stream that it failed."""
MALFORMED = {name: sse(b'{"choices":[{"del') for name in DIALECTS} | {
    "bedrock-converse": aws(b'{"delta":', "messageStop")
}
BINARY = {
    "openai-chat": sse(b'{"object":"error","message":"\xff"}'),
    "openai-responses": sse(b'{"type":"response.output_text.delta","delta":"\xff"}'),
    "anthropic-messages": sse(b'{"type":7,"x":"\xff"}'),
    "gemini": sse(b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x":"\xff"}}}]}}]}'),
    "bedrock-converse": aws(b'{"message":"\xff"}', "somethingNew"),
}

WITH_STRAIGHT = [*PAIRS, *((name, "") for name in DIALECTS if dialect_of(name).endpoints)]
"""Each provider's dialect with each caller's; the caller is empty where it is the same."""


async def ending(reads: list[bytes], provider: str, caller: str) -> tuple[bytes, str, str]:
    exchange = an_exchange(reads)
    tap = translated(exchange, provider, caller) if caller else straight(exchange, provider)
    out, refusal = await broken(tap)
    return out, refusal.code, refusal.message


def says_no_more_than(out: bytes, provider: str, caller: str) -> bool:
    """Whether what went out is what was whole: three deltas."""
    if caller:
        return deltas_of(caller, out).text == TEXT[: 4 * FAR]
    return out == b"".join(spoken(provider))


@pytest.mark.parametrize(("provider", "caller"), WITH_STRAIGHT)
async def test_a_clean_close_without_the_ends_mark_is_no_end(provider: str, caller: str) -> None:
    out, code, _ = await ending(spoken(provider), provider, caller)
    assert says_no_more_than(out, provider, caller)
    assert code == "upstream_truncated"


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("at", [1, 30, -1])
@pytest.mark.parametrize(("provider", "caller"), WITH_STRAIGHT)
async def test_half_a_frame_never_goes_out(provider: str, caller: str, at: int, together: bool) -> None:
    whole_frames, half = spoken(provider), spoken(provider, FAR + 1)[-1][:at]
    reads = [b"".join(whole_frames) + half] if together else [*whole_frames, half]
    out, code, _ = await ending(reads, provider, caller)
    assert says_no_more_than(out, provider, caller)
    assert code == "upstream_truncated"


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(("provider", "caller"), WITH_STRAIGHT)
async def test_an_error_event_ends_it_in_the_providers_words(provider: str, caller: str, together: bool) -> None:
    reads = [*spoken(provider), ERRORS[provider], *said(provider, TEXT).frames]
    out, code, message = await ending([b"".join(reads)] if together else reads, provider, caller)
    assert says_no_more_than(out, provider, caller)
    assert code == ("upstream_error" if provider == "openai-responses" else "upstream_overloaded")
    assert message == "Too much at once"


@pytest.mark.parametrize(("provider", "caller"), PAIRS)
async def test_a_frame_that_is_no_json_ends_it(provider: str, caller: str) -> None:
    reads = [*spoken(provider), MALFORMED[provider], *said(provider, TEXT).frames]
    out, code, _ = await ending(reads, provider, caller)
    assert says_no_more_than(out, provider, caller)
    assert code == "upstream_invalid"


@pytest.mark.parametrize("provider", BINARY)
async def test_a_frame_that_is_no_text_ends_it(provider: str) -> None:
    """Where it matters what it says."""
    caller = "chat" if provider == "anthropic-messages" else "messages"
    out, code, _ = await ending([*spoken(provider), BINARY[provider]], provider, caller)
    assert says_no_more_than(out, provider, caller)
    assert code == "upstream_invalid"


@pytest.mark.parametrize(
    ("provider", "stranger", "caller"),
    [
        (provider, stranger, caller)
        for provider, stranger, caller in itertools.product(DIALECTS, DIALECTS, BODIES)
        if provider != stranger
        and "bedrock-converse" not in (provider, stranger)
        and caller not in dialect_of(provider).endpoints
    ],
)
async def test_a_whole_stream_of_another_dialect_is_no_answer(provider: str, stranger: str, caller: str) -> None:
    out, code, _ = await ending(said(stranger, TEXT).frames, provider, caller)
    assert deltas_of(caller, out).text == ""
    assert code in ("upstream_truncated", "upstream_invalid")


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(("provider", "caller"), PAIRS)
async def test_what_comes_after_the_end_is_not_said(provider: str, caller: str, together: bool) -> None:
    """Google's and AWS's streams have no mark: after the last reason only usage counts."""
    late = spoken(provider)[-1]
    frames = [*said(provider, TEXT).frames, late, ERRORS[provider]]
    if provider in ("gemini", "bedrock-converse"):
        frames = frames[:-1]
    tap = translated(an_exchange([b"".join(frames)] if together else frames), provider, caller)
    assert heard(caller, await whole(tap)).text == TEXT


BARE = b'{\n  "error": {\n    "code": 503,\n    "message": "Too much at once",\n    "status": "UNAVAILABLE"\n  }\n}'


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n"])
@pytest.mark.parametrize("bare", [BARE, b"[" + BARE + b"]"], ids=["object", "list"])
@pytest.mark.parametrize("caller", BODIES)
async def test_googles_bare_error_inside_a_stream_is_told(caller: str, bare: bytes, end: bytes) -> None:
    """Without `data:`, as api_client.py of google-genai expects it (`_load_json_from_response`)."""
    out, code, message = await ending([*spoken("gemini"), bare + end], "gemini", caller)
    assert says_no_more_than(out, "gemini", caller)
    assert (code, message) == ("upstream_overloaded", "Too much at once")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b": bye\n\n"])
@pytest.mark.parametrize("caller", BODIES)
async def test_line_ends_after_the_last_frame_are_nothing(caller: str, end: bytes) -> None:
    tap = translated(an_exchange([*said("gemini", TEXT).frames, end]), "gemini", caller)
    assert heard(caller, await whole(tap)).text == TEXT


@pytest.mark.parametrize("caller", BODIES)
@pytest.mark.parametrize("harm", [b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2H\xeb}\x98\xc8\xfe", b"x" * 20])
async def test_a_broken_binary_stream_gives_what_was_whole(caller: str, harm: bytes) -> None:
    """A message of AWS whose last checksum is wrong, and something else altogether."""
    reads = [b"".join(spoken("bedrock-converse")) + harm, *said("bedrock-converse", TEXT).frames]
    out, code, _ = await ending(reads, "bedrock-converse", caller)
    assert says_no_more_than(out, "bedrock-converse", caller)
    assert code == "upstream_invalid"
