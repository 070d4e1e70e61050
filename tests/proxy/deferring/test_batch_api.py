"""Both forms are one protocol."""

import pytest

from proxy.deferring.anthropic_batches import AnthropicBatches
from proxy.deferring.batch_api import BatchApi, Look, Result
from proxy.deferring.batching import api_of
from proxy.deferring.openai_batches import OpenAiBatches
from proxy.worker.deferred.ways import BATCH_FORMS


@pytest.mark.parametrize("dialect", sorted(BATCH_FORMS))
def test_every_dialect_that_takes_batches_has_a_form(dialect: str) -> None:
    api: BatchApi = api_of(dialect)
    assert isinstance(api, AnthropicBatches if dialect.startswith("anthropic") else OpenAiBatches)


def test_what_is_not_said_is_nothing() -> None:
    assert Look(is_over=False) == (False, (), "", ())
    assert Result("c1", "expired").status == 0
