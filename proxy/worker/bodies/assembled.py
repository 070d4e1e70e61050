"""A streamed reply as one object: what a reader wants to see of it, not how it was cut up on its way.

Keeps true: secrets that a stream spells over two frames stand in one text again, before they are looked for.
"""

from typing import Any

import msgspec

from proxy.canonical.events import (
    ArgumentsAdded,
    DeclinedAdded,
    Event,
    Finished,
    ReasoningAdded,
    Started,
    TextAdded,
    ToolCalled,
)
from proxy.dialects.provider_error import UNREADABLE, ProviderError
from proxy.dialects.registry import provider_dialect
from proxy.sse import BrokenFraming, FrameCutter

_LONGEST_FRAME = 16 * 2**20


def assembled(dialect: str, endpoint: str, frames: bytes, finish: str | None = None) -> dict[str, Any]:
    """What the caller was told, in `choices`, with an `error` where it ended in one.

    `frames`: as they went out, but for the last one, which may say why the reply ended: that is `finish` then.
    """
    cutter = FrameCutter(_LONGEST_FRAME)
    try:
        whole = cutter.feed(frames)
    except BrokenFraming as broken:
        whole = broken.before
    payloads = [payload for frame in whole if (payload := cutter.payload(frame)) is not None]
    said = _Said()
    if endpoint == "completions":
        for payload in payloads:
            said.take_completion(payload)
    else:
        reader = provider_dialect(dialect, "").reader()
        for payload in payloads:
            try:
                events = reader.read(payload)
            except ProviderError as error:
                said.error = error.message
                break
            except UNREADABLE:
                said.error = "an event that cannot be read"
                break
            for event in events:
                said.take(event)
    return said.told(finish)


class _Choice:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.calls: dict[int, tuple[str, list[str]]] = {}
        self.finish: str | None = None

    def told(self, finish: str | None) -> dict[str, Any]:
        texts = {"reasoning": self.reasoning, "text": self.text, "refusal": self.refusal}
        calls = [{"name": name, "arguments": "".join(said)} for name, said in self.calls.values()]
        return {
            **{name: "".join(said) for name, said in texts.items() if said},
            **({"tool_calls": calls} if calls else {}),
            "finish": self.finish or finish,
        }


class _Said:
    def __init__(self) -> None:
        self.error: str | None = None
        self._model: str | None = None
        self._choices: dict[int, _Choice] = {}

    def take(self, event: Event) -> None:
        if isinstance(event, Started):
            self._model = event.model or self._model
        elif isinstance(event, TextAdded):
            self._of(event.choice).text.append(event.text)
        elif isinstance(event, ReasoningAdded):
            self._of(event.choice).reasoning.append(event.text)
        elif isinstance(event, DeclinedAdded):
            self._of(event.choice).refusal.append(event.text)
        elif isinstance(event, ToolCalled):
            self._of(event.choice).calls[event.tool] = (event.name, [])
        elif isinstance(event, ArgumentsAdded):
            if (call := self._of(event.choice).calls.get(event.tool)) is not None:
                call[1].append(event.text)
        elif isinstance(event, Finished):
            self._of(event.choice).finish = event.reason

    def take_completion(self, payload: bytes) -> None:
        """A chunk of OpenAI's older endpoint, which no provider is asked in."""
        try:
            chunk = msgspec.json.decode(payload, type=_Completion)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # the mark of the end
        self._model = chunk.model or self._model
        self.error = chunk.error.message if chunk.error else self.error
        for each in chunk.choices:
            choice = self._of(each.index)
            choice.text.append(each.text)
            choice.finish = each.finish_reason or choice.finish

    def told(self, finish: str | None) -> dict[str, Any]:
        return {
            "model": self._model,
            "choices": [choice.told(finish) for _, choice in sorted(self._choices.items())],
            **({"error": self.error} if self.error else {}),
        }

    def _of(self, index: int) -> _Choice:
        return self._choices.setdefault(index, _Choice())


class _Text(msgspec.Struct):
    index: int = 0
    text: str = ""
    finish_reason: str | None = None


class _Error(msgspec.Struct):
    message: str = ""


class _Completion(msgspec.Struct):
    model: str | None = None
    choices: list[_Text] = []
    error: _Error | None = None
