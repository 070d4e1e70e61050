"""The lists are data; the official SDK is the judge of them."""

import pytest
import typing_extensions
from openai.types import completion_create_params, embedding_create_params
from openai.types.chat import completion_create_params as chat_create_params

from proxy.sandbox.known_parameters import CHAT, COMPLETION, EMBEDDING


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (CHAT, chat_create_params.CompletionCreateParamsStreaming),
        (COMPLETION, completion_create_params.CompletionCreateParamsStreaming),
        (EMBEDDING, embedding_create_params.EmbeddingCreateParams),
    ],
)
def test_what_is_known_is_what_the_sdk_can_send(known: frozenset[str], kind: type) -> None:
    assert known == set(typing_extensions.get_type_hints(kind))
