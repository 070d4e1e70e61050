"""What is known of one model. None is always: not known."""

from typing import Literal

import msgspec


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    context_window: int | None = None
    """Tokens of input and output together, or of input where the provider counts them apart."""
    max_output: int | None = None
    """Tokens, reasoning included."""
    input: tuple[str, ...] = ()
    """Modalities: text, image, audio, video, pdf. Empty: not known."""
    output: tuple[str, ...] = ()
    thinking: Literal["adaptive", "budget", "always", "none"] | None = None
    """How thinking is asked for: by effort (`adaptive`), by tokens (`budget`), not at all to be asked (`always`)."""
