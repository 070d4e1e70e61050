"""Google's `logprobsResult` → log probabilities per token."""

import msgspec

from proxy.canonical.answer import TokenLogprob
from proxy.dialects.gemini.wire import NOTHING


class _Token(msgspec.Struct, rename="camel", gc=False):
    token: str = ""
    log_probability: float = 0.0


class _Top(msgspec.Struct, gc=False):
    candidates: list[_Token] | None = None


class _Logprobs(msgspec.Struct, rename="camel", gc=False):
    chosen_candidates: list[_Token] | None = None
    top_candidates: list[_Top] | None = None


_decode = msgspec.json.Decoder(_Logprobs).decode


def logprobs_of(result: msgspec.Raw) -> list[TokenLogprob] | None:
    """None where there are none, or they are not readable."""
    if result is NOTHING:
        return None
    try:
        said = _decode(result)
    except msgspec.DecodeError:
        return None
    tops = said.top_candidates or []
    return [
        _logprob(token, [_logprob(top) for top in tops[at].candidates or ()] if at < len(tops) else [])
        for at, token in enumerate(said.chosen_candidates or ())
    ] or None


def _logprob(said: _Token, top: list[TokenLogprob] | None = None) -> TokenLogprob:
    return TokenLogprob(token=said.token, logprob=said.log_probability, bytes=list(said.token.encode()), top=top or [])
