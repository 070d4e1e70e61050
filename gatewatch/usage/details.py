"""What a usage object tells beyond the token classes, where a price depends on it."""

import msgspec

from gatewatch.call import Tokens


class Details(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The defaults change no price."""

    cached_audio: int = 0
    """Tokens inside `input_cache_read`."""
    output_image: int | None = None
    """Tokens inside `output`; None: not known."""
    audio_seconds: int | None = None
    """Of audio that the model heard; None: not known."""
    premium_percent: int = 0
    """Charged on the tokens' prices."""
    others: tuple[tuple[str, Tokens], ...] = ()
    """(model, tokens) of other models that worked for the reply, which are not in its own tokens and have their own
    prices."""


def together(*parts: Tokens) -> Tokens:
    """The sum, class by class."""
    return Tokens(**{name: sum(getattr(part, name) for part in parts) for name in Tokens.__struct_fields__})
