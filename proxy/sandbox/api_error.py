"""Errors as OpenAI's API words and shapes them: `{"error":{message,type,param,code}}`."""

import re

import msgspec


class ApiError(Exception):
    """The request ends with this error reply."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | int | None = None,
        headers: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "type": type, "param": param, "code": code}
        self.headers = headers
        """Header lines beyond the usual ones, each with its CRLF."""

    def body(self) -> bytes:
        return msgspec.json.encode({"error": self.error})


def no_key() -> ApiError:
    return ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY).",
    )


def wrong_key(key: str) -> ApiError:
    """Shows the ends of the key, as OpenAI does: a gateway that passes this on gives away whose key it is."""
    shown = f"{key[:8]}{'*' * 12}{key[-4:]}" if len(key) > 16 else "*" * len(key)
    message = f"Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com/api-keys."
    return ApiError(401, message, code="invalid_api_key")


def unknown_model(model: str) -> ApiError:
    message = f"The model `{model}` does not exist or you do not have access to it."
    return ApiError(404, message, code="model_not_found")


def unknown_path(method: str, path: str) -> ApiError:
    return ApiError(404, f"Invalid URL ({method} {path})")


def wrong_method(method: str, path: str, allowed: str) -> ApiError:
    message = f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)"
    return ApiError(405, message, headers=f"Allow: {allowed}\r\n")


def not_json() -> ApiError:
    return ApiError(
        400,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
    )


_MISSING = re.compile(r"Object missing required field `(\w+)`")
_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`")


def does_not_fit(error: msgspec.ValidationError) -> ApiError:
    """What msgspec found wrong with a body, in OpenAI's words."""
    found = _PLACE.fullmatch(str(error))
    complaint, place = (found[1], found[2]) if found else (str(error), "")
    if missing := _MISSING.match(complaint):
        param = f"{place}.{missing[1]}" if place else missing[1]
        if param == "model":
            return ApiError(400, "you must provide a model parameter")
        return ApiError(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")
    wrong_type = ", got " in complaint
    message = f"Invalid {'type' if wrong_type else 'value'} for '{place or 'body'}': {complaint.replace('`', '')}."
    return ApiError(400, message, param=place or None, code="invalid_type" if wrong_type else "invalid_value")
