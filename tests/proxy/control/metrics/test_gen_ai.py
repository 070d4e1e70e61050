"""OpenTelemetry's names, where our endpoints and presets have one."""

from gatewatch.providers.catalogue import presets
from proxy.control.metrics.gen_ai import _PROVIDERS, OPERATIONS, provider_name
from proxy.worker.endpoints import ENDPOINTS


def test_every_endpoint_is_an_operation() -> None:
    assert {endpoint.name for endpoint in ENDPOINTS.values()} == set(OPERATIONS)


def test_presets_have_the_names_of_the_conventions_and_others_their_own() -> None:
    assert set(_PROVIDERS) <= set(presets())
    assert provider_name("bedrock", "eu") == "aws.bedrock"
    assert provider_name("openai", "eu") == "openai"
    assert provider_name(None, "local") == "local"
