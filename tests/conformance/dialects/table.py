"""Who stands in the table."""

from tests.conformance.dialects.bedrock_provider import BEDROCK
from tests.conformance.dialects.chat_caller import CHAT
from tests.conformance.dialects.chat_provider import CHAT as CHAT_PROVIDER
from tests.conformance.dialects.chat_provider import COMPLETIONS as COMPLETIONS_PROVIDER
from tests.conformance.dialects.completions_caller import COMPLETIONS
from tests.conformance.dialects.gemini_provider import GEMINI
from tests.conformance.dialects.messages_caller import MESSAGES
from tests.conformance.dialects.messages_provider import MESSAGES as MESSAGES_PROVIDER
from tests.conformance.dialects.provider import Provider
from tests.conformance.dialects.responses_caller import RESPONSES
from tests.conformance.dialects.responses_provider import RESPONSES as RESPONSES_PROVIDER

CALLERS = {caller.id: caller for caller in (CHAT, RESPONSES, MESSAGES, COMPLETIONS)}
PROVIDERS = {
    provider.id: provider for provider in (CHAT_PROVIDER, RESPONSES_PROVIDER, MESSAGES_PROVIDER, GEMINI, BEDROCK)
}


def provider_of(caller: str, provider: str) -> Provider:
    """A provider as one caller's requests reach it."""
    return COMPLETIONS_PROVIDER if (caller, provider) == ("completions", "chat") else PROVIDERS[provider]
