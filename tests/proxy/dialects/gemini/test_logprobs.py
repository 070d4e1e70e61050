"""`logprobsResult` as cloud.google.com/vertex-ai/generative-ai/docs (Log probabilities) shows it."""

import msgspec

from proxy.canonical.answer import TokenLogprob
from proxy.dialects.gemini.logprobs import logprobs_of
from proxy.dialects.gemini.wire import NOTHING


def test_each_token_has_its_alternatives() -> None:
    said = msgspec.Raw(
        '{"chosenCandidates":[{"token":"é","tokenId":5,"logProbability":-0.25},{"token":"!","logProbability":-1}],'
        '"topCandidates":[{"candidates":[{"token":"é","logProbability":-0.25},{"token":"e","logProbability":-2.5}]}]}'
    )
    assert logprobs_of(said) == [
        TokenLogprob(
            token="é",
            logprob=-0.25,
            bytes=[195, 169],
            top=[
                TokenLogprob(token="é", logprob=-0.25, bytes=[195, 169]),
                TokenLogprob(token="e", logprob=-2.5, bytes=[101]),
            ],
        ),
        TokenLogprob(token="!", logprob=-1.0, bytes=[33]),
    ]


def test_none_are_none() -> None:
    assert logprobs_of(NOTHING) is None
    assert logprobs_of(msgspec.Raw(b'{"avgLogprobs":1}')) is None
    assert logprobs_of(msgspec.Raw(b"7")) is None
