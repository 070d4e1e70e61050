"""Whose manners a request meets, judged by its address and headers, before anything else is known of it."""

from typing import TYPE_CHECKING

from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.azure_manners import AZURE
from proxy.sandbox.bedrock_manners import BEDROCK
from proxy.sandbox.google_manners import GOOGLE
from proxy.sandbox.manners import Manners
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.vertex_manners import VERTEX

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Request


def vendor_of(request: "Request") -> Manners:
    """OpenAI's where nothing says otherwise."""
    target = request.target
    if target.startswith((b"/v1beta/", b"/v1alpha/")):
        return GOOGLE
    if target.startswith((b"/v1/projects/", b"/v1beta1/projects/")):
        return VERTEX
    if target.startswith(b"/openai/"):
        return AZURE
    if target.startswith(b"/model/"):
        return BEDROCK
    if target.startswith(b"/v1/messages"):
        return ANTHROPIC
    if target.startswith(b"/v1/models") and request.header(b"anthropic-version") is not None:
        return ANTHROPIC
    if target.startswith(b"/v1/models") and request.header(b"x-goog-api-key") is not None:
        return GOOGLE
    return OPENAI
