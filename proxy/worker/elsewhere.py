"""What a caller is told whose URL leads nowhere here: most often it is the base URL with `/v1` too many, or too few."""

from proxy.refusal import Refusal
from proxy.worker.caching.hook import PATH as INVALIDATE
from proxy.worker.endpoints import ENDPOINTS

MODELS = "/v1/models"
_SERVED = (*ENDPOINTS, MODELS)
_BASE_URLS = {
    "anthropic-messages": "the base_url of Anthropic's SDKs is this gateway's address without /v1",
    "openai": "the base_url of OpenAI's SDKs is this gateway's address and /v1",
}


def served(path: str) -> bool:
    """Whether some method is served at this path."""
    return path in ENDPOINTS or path.startswith(MODELS) or path == INVALIDATE


def nothing_here(path: str, dialect: str) -> Refusal:
    """For a path that is not served; `dialect` is the one in which the caller is answered."""
    meant = next((each for each in _SERVED if path.rstrip("/").endswith(each.removeprefix("/v1"))), None)
    if meant:
        base_url = _BASE_URLS.get(dialect, _BASE_URLS["openai"])
        told = f"There is nothing at this URL. {meant} is served: {base_url}."
    else:
        told = f"There is nothing at this URL. Served are {', '.join(_SERVED)}."
    return Refusal(404, "unknown_url", told)


def not_that_method(method: str, path: str) -> Refusal:
    """For a path that is served, but not with this method."""
    allowed = b"POST" if path in ENDPOINTS or path == INVALIDATE else b"GET"
    return Refusal(405, "method_not_allowed", f"{method} is not served here.", headers=((b"allow", allowed),))
