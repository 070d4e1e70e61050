"""OpenAI's Python SDK: its two clients, and what an app can tell from its exceptions."""

from typing import Any

import openai

from tests.conformance.sdk.cases import AsyncHook, Hook


def clients(place: dict[str, Any], hook: Hook, async_hook: AsyncHook) -> tuple[openai.OpenAI, openai.AsyncOpenAI]:
    """Neither retries unless a case lets it."""
    hooks: Any = {"request": [hook]}
    async_hooks: Any = {"request": [async_hook]}
    known: Any = {"base_url": place["url"] + "/v1", "api_key": place["key"], "max_retries": 0, "timeout": 20}
    return (
        openai.OpenAI(**known, http_client=openai.DefaultHttpxClient(event_hooks=hooks)),
        openai.AsyncOpenAI(**known, http_client=openai.DefaultAsyncHttpxClient(event_hooks=async_hooks)),
    )


def told(error: BaseException) -> dict[str, Any]:
    found: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
        found |= {"code": error.code, "param": error.param}
    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
        found |= {"status": error.status_code, "has_id": error.request_id == headers.get("x-gatewatch-call-id", "")}
        found |= {name: headers[name] for name in ("retry-after", "x-should-retry") if name in headers}
    if not isinstance(error, openai.OpenAIError):
        found["message"] = str(error)[:200]
    return found
