"""A text of the operator's as the answer to a call, in the caller's dialect, plain and streamed.

Keeps true: who needs another form than plain text (JSON, a tool's call, a voice) never gets one in its place; nothing
in it was bought.
"""

from typing import Any

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, Usage
from proxy.canonical.events import Event, Finished, PartEnded, Started, TextAdded
from proxy.canonical.parts import Text
from proxy.dialects.dialect import CallerDialect

_ANSWERED = frozenset({"chat", "completions", "responses", "messages"})
_PLAIN_FORMATS = (None, "text")


def takes_text(endpoint: str, body: dict[str, Any]) -> bool:
    """Whether a text may stand in for the answer to this request."""
    if endpoint not in _ANSWERED or body.get("tools") or body.get("functions"):
        return False
    if not all(_is_plain(said) for said in _formats(body)):
        return False
    modalities = body.get("modalities")
    return not isinstance(modalities, list) or "audio" not in modalities


def plain_reply(caller: CallerDialect, text: str, model: str, body: dict[str, Any], call_id: str) -> bytes:
    """The whole reply."""
    answer = Answer(choices=[Choice(parts=[Text(text=text)], finish="stop")], usage=Usage(), model=model)
    return caller.write(answer, Tokens(), body, call_id)


def streamed_reply(
    caller: CallerDialect, text: str, model: str, body: dict[str, Any], call_id: str
) -> tuple[bytes, bytes]:
    """(the frames with the text, what ends the stream)."""
    writer = caller.writer(body, call_id)
    events: list[Event] = [Started(model=model), TextAdded(text=text), PartEnded(), Finished(reason="stop")]
    return writer.write(events), writer.end(Tokens())


def _formats(body: dict[str, Any]) -> list[object]:
    """What says how the answer must look, wherever a dialect says so."""
    text, output = body.get("text"), body.get("output_config")
    return [
        body.get("response_format"),
        text.get("format") if isinstance(text, dict) else None,
        output.get("format") if isinstance(output, dict) else None,
        body.get("output_format"),
    ]


def _is_plain(said: object) -> bool:
    return said is None or (isinstance(said, dict) and said.get("type") in _PLAIN_FORMATS)
