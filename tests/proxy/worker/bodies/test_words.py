"""The vocabulary of shapes is the APIs', and knows what the gateway's own readers know."""

import re

from proxy.dialects.anthropic_messages import request_read as messages
from proxy.dialects.openai_chat import request_read as chat
from proxy.dialects.openai_completions import request_read as completions
from proxy.dialects.openai_responses import request_read as responses
from proxy.worker.bodies.words import DATA, ENUMERATIONS, MAPS, NAMES, NUMBERS, WORDS


def test_what_the_gateway_reads_of_a_request_has_a_name() -> None:
    for reader in (chat, completions, messages, responses):
        assert reader._READ <= NAMES, sorted(reader._READ - NAMES)


def test_words_are_short_and_plain() -> None:
    assert all(re.fullmatch(r"[\w$./-]{1,60}", word) for word in NAMES | WORDS)


def test_the_kinds_of_names_are_apart() -> None:
    assert not MAPS & DATA
    assert not DATA & ENUMERATIONS
    assert not NUMBERS & (MAPS | DATA | ENUMERATIONS)
