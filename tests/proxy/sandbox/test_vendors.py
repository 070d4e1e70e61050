import pytest

from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.azure_manners import AZURE
from proxy.sandbox.bedrock_manners import BEDROCK
from proxy.sandbox.exchange import Request
from proxy.sandbox.google_manners import GOOGLE
from proxy.sandbox.manners import Manners
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.vendors import vendor_of


@pytest.mark.parametrize(
    ("target", "headers", "manners"),
    [
        (b"/v1/chat/completions", [], OPENAI),
        (b"/v1/nothing", [], OPENAI),
        (b"/v1/models", [], OPENAI),
        (b"/v1/models", [(b"anthropic-version", b"2023-06-01")], ANTHROPIC),
        (b"/v1/messages/count_tokens?beta=true", [], ANTHROPIC),
        (b"/v1beta/models/x:generateContent", [], GOOGLE),
        (b"/openai/deployments/x/chat/completions", [], AZURE),
        (b"/model/x/converse", [], BEDROCK),
        (b"/", [], OPENAI),
    ],
)
def test_an_address_tells_whose_manners_it_meets(
    target: bytes, headers: list[tuple[bytes, bytes]], manners: Manners
) -> None:
    request = Request()
    request.target, request.headers = target, headers
    assert vendor_of(request) is manners
