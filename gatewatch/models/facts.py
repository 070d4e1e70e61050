"""What is known of one model. None is always: not known."""

from typing import Literal

import msgspec

Thinking = Literal["adaptive", "budget", "always", "none"]


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    context_window: int | None = None
    """Tokens of input and output together, or of input where the provider counts them apart."""
    max_output: int | None = None
    """Tokens, reasoning included."""
    input: tuple[str, ...] = ()
    """Modalities: text, image, audio, video, pdf. Empty: not known."""
    output: tuple[str, ...] = ()
    """Modalities, and `embedding` where it makes vectors."""
    thinking: Thinking | None = None
    """How thinking is asked for: by effort (`adaptive`), by tokens (`budget`), not at all to be asked (`always`)."""


NOTHING = ModelFacts()


def filled(facts: ModelFacts, others: ModelFacts) -> ModelFacts:
    """`facts`, and where they say nothing, what `others` say."""
    if others == NOTHING:
        return facts
    if facts == NOTHING:
        return others
    return ModelFacts(
        context_window=facts.context_window or others.context_window,
        max_output=facts.max_output or others.max_output,
        input=facts.input or others.input,
        output=facts.output or others.output,
        thinking=facts.thinking or others.thinking,
    )
