"""Chunks of `streamGenerateContent?alt=sse` → events.

Each chunk is a reply that holds what is new. There is no mark of the end: a stream has ended where every candidate has
its reason and the provider has closed.
"""

import msgspec

from gatewatch.usage import gemini
from proxy.canonical.events import (
    MOST_CHOICES,
    ArgumentsAdded,
    Cited,
    Ended,
    Event,
    Finished,
    PartEnded,
    ReasoningAdded,
    ReasoningSigned,
    Started,
    TextAdded,
    ToolCalled,
    UsageSeen,
)
from proxy.canonical.parts import Citation
from proxy.dialects.gemini.call_ids import CallIds
from proxy.dialects.gemini.citations import grounded, recited
from proxy.dialects.gemini.errors import error_of
from proxy.dialects.gemini.finish import finish_of
from proxy.dialects.gemini.logprobs import logprobs_of
from proxy.dialects.gemini.reply_read import usage_of
from proxy.dialects.gemini.wire import NAME, NOTHING, Candidate, Part, Reply, compact, decode_reply
from proxy.dialects.provider_error import NotThisDialect


class _Progress(msgspec.Struct):
    """How far one candidate is."""

    calls: int = 0
    thinking: bool = False
    """The part that is open holds thoughts."""
    ascii: bool = True
    """Bytes of its text are characters so far."""
    finished: bool = False
    searches: int = 0


class Reader:
    """One stream. What comes after a candidate's end is skipped, but for the usage."""

    def __init__(self) -> None:
        self._started = False
        self._ids = CallIds()
        self._choices: dict[int, _Progress] = {}

    def read(self, data: bytes) -> list[Event]:
        """Raises ProviderError for an error event, NotThisDialect for malformed data."""
        reply = decode_reply(data)
        if reply.error is not None:
            raise error_of(reply.error)
        events: list[Event] = []
        if not self._started:
            self._started = True
            tier = gemini.tier(reply.usage_metadata)
            events.append(Started(id=reply.response_id, model=reply.model_version, service_tier=tier))
        for candidate in reply.candidates or ():
            self._read_candidate(candidate, reply, events)
        if reply.prompt_feedback and reply.prompt_feedback.block_reason and not self._choices:
            self._choices[0] = _Progress(finished=True)
            events.append(Finished(reason="content_filter"))
        if reply.usage_metadata is not None:
            searches = sum(each.searches for each in self._choices.values())
            usage = usage_of(reply.usage_metadata, searches)
            events.append(UsageSeen(usage=usage, service_tier=gemini.tier(reply.usage_metadata)))
        return events

    def closed(self) -> list[Event]:
        """`Ended` where all that began has its end."""
        choices = self._choices.values()
        return [Ended()] if choices and all(each.finished for each in choices) else []

    def _read_candidate(self, candidate: Candidate, reply: Reply, events: list[Event]) -> None:
        choice = candidate.index or 0
        if not 0 <= choice < MOST_CHOICES:
            raise NotThisDialect(f"a candidate {choice}")
        progress = self._choices.setdefault(choice, _Progress())
        if progress.finished:
            return
        logprobs = logprobs_of(candidate.logprobs_result)
        for part in candidate.content.parts or () if candidate.content else ():
            if part.function_call:
                self._read_call(part, choice, progress, reply, events)
            elif part.thought:
                if part.text:
                    events.append(ReasoningAdded(text=part.text, choice=choice))
                    progress.thinking = True
            elif part.text:
                events.append(TextAdded(text=part.text, choice=choice, logprobs=logprobs))
                logprobs = None
                progress.thinking = False
                progress.ascii = progress.ascii and part.text.isascii()
            if part.thought_signature and not part.function_call:
                redacted = not (part.thought and progress.thinking)
                signature = part.thought_signature
                events.append(ReasoningSigned(signature=signature, origin=NAME, redacted=redacted, choice=choice))
                progress.thinking = False
        cited = self._cited(candidate, choice, progress)
        last = events[-1] if events else None
        signed = isinstance(last, ReasoningSigned) and last.redacted and last.choice == choice
        place = len(events) - 1 if signed else len(events)  # the last chunk signs the text, too
        events[place:place] = cited
        if reason := finish_of(candidate.finish_reason, progress.calls > 0):
            progress.finished = True
            events.append(Finished(reason=reason, choice=choice))

    def _read_call(self, part: Part, choice: int, progress: _Progress, reply: Reply, events: list[Event]) -> None:
        call = part.function_call
        assert call, "asked for by the caller"
        tool = progress.calls
        progress.calls += 1
        progress.thinking = False
        events.append(
            ToolCalled(
                id=call.id or self._ids.made(reply.response_id, choice, tool),
                name=call.name,
                tool=tool,
                choice=choice,
                signature=part.thought_signature,
                origin=NAME if part.thought_signature else None,
            )
        )
        events.append(ArgumentsAdded(text=compact(call.args), tool=tool, choice=choice))
        events.append(PartEnded(tool=tool, choice=choice))

    def _cited(self, candidate: Candidate, choice: int, progress: _Progress) -> list[Event]:
        """They follow their text before anything else does."""

        def position(part: int, bytes_in: int) -> int | None:
            return bytes_in if progress.ascii and part == 0 else None

        found: list[tuple[int, Citation]] = []
        if candidate.grounding_metadata is not NOTHING:
            found, searches = grounded(candidate.grounding_metadata, position)
            progress.searches = max(progress.searches, searches)
        if candidate.citation_metadata is not NOTHING:
            found = found + recited(candidate.citation_metadata, position)
        return [Cited(citation=citation, choice=choice) for _, citation in found]
