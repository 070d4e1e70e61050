"""What a reply has shown so far: enough to settle its call, whole or broken."""

from gatewatch.call import Tokens
from gatewatch.usage import openai
from gatewatch.usage.details import Details
from proxy.canonical.answer import Answer, Usage
from proxy.canonical.events import (
    ArgumentsAdded,
    DeclinedAdded,
    Event,
    Finished,
    ReasoningAdded,
    Started,
    TextAdded,
    ToolCalled,
    UsageSeen,
)
from proxy.canonical.parts import Declined, Reasoning, Text, ToolCall


class Seen:
    """Filled by whoever reads the reply on its way."""

    def __init__(self) -> None:
        self.usage: object = None
        """The provider's usage object as it came; None: none came."""
        self.searches = 0
        """Web searches that the provider made and charges for."""
        self.file_searches = 0
        self.unpriced_pieces = False
        """Whether it did what costs more than can be said."""
        self.served_model: str | None = None
        self.service_tier: str | None = None
        self.finish_reason: str | None = None
        self.produced_characters = 0
        self.is_provisional = False
        """Whether the usage was said at a stream's beginning, and nothing of it at the end."""

    def tokens(self) -> Tokens | None:
        """What the usage object says; None where there is none, or it is not whole and sound."""
        return None if self.usage is None else openai.read(self.usage)

    def details(self) -> Details:
        """What else the price depends on."""
        return openai.details(self.usage)

    def name_model(self, model: object, service_tier: object) -> None:
        """Take over what the reply says of itself, first word counts."""
        if self.served_model is None and isinstance(model, str) and model:
            self.served_model = model[:256]
        if self.service_tier is None and isinstance(service_tier, str):
            self.service_tier = service_tier[:40]

    def finished(self, reason: object) -> None:
        if isinstance(reason, str):
            self.finish_reason = reason[:40]


class Told(Seen):
    """Filled through the canonical form, where the dialect has read the usage already."""

    reasoning_outside = False
    """Whether the provider speaks as OpenAI and counts reasoning beside the output: its usage is read anew then."""

    def __init__(self) -> None:
        super().__init__()
        self._tokens: Tokens | None = None
        self._details = Details()

    def tokens(self) -> Tokens | None:
        return self._tokens

    def details(self) -> Details:
        return self._details

    def take_answer(self, answer: Answer) -> None:
        """A whole reply."""
        self.name_model(answer.model, answer.service_tier)
        self._take_usage(answer.usage)
        for choice in answer.choices:
            for part in choice.parts:
                if isinstance(part, Text | Declined | Reasoning):
                    self.produced_characters += len(part.text)
                elif isinstance(part, ToolCall):
                    self.produced_characters += len(part.name) + len(part.arguments)
        if answer.choices:
            self.finish_reason = answer.choices[0].finish

    def take(self, event: Event) -> None:
        """One event of a stream."""
        kind = type(event)
        if kind is TextAdded or kind is ArgumentsAdded or kind is ReasoningAdded or kind is DeclinedAdded:
            self.produced_characters += len(event.text)  # type: ignore[union-attr]
        elif isinstance(event, UsageSeen):
            self._take_usage(event.usage)
            self.is_provisional = False
            self.name_model(None, event.service_tier)
        elif isinstance(event, Started):
            self.name_model(event.model, event.service_tier)
            if event.usage:
                self._take_usage(event.usage)
                self.is_provisional = True
        elif isinstance(event, ToolCalled):
            self.produced_characters += len(event.name)
        elif isinstance(event, Finished):
            self.finish_reason = event.reason

    def _take_usage(self, usage: Usage) -> None:
        if usage.raw is not None:
            self.usage, self._tokens, self.searches = usage.raw, usage.tokens, usage.searches
            self._details = usage.details
            if self.reasoning_outside:
                self._tokens = openai.read(usage.raw, reasoning_outside=True)
        self.file_searches = usage.file_searches or self.file_searches
        self.unpriced_pieces = usage.unpriced_pieces or self.unpriced_pieces
