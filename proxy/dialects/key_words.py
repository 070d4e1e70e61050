"""What providers say of the gateway's key and account, in one table, and what of it may be believed.

Keeps true: no caller can make a provider say what holds a key. Providers repeat requests in their messages, so a key
is held for codes of the vendor's own error object, and for a whole sentence of the vendor's, word for word, under a
status that no request's content leads to. All other words are about one call; and words may excuse a key.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from gatewatch.control.key_hold import Kind

READ_CHARACTERS = 4096
"""Of a message, where its words are looked for."""
NOT_OF_THE_REQUEST = frozenset({401, 402, 403, 429})
"""Statuses under which sentences are believed."""


class OfKey(NamedTuple):
    """What an error says of the key that the request came with."""

    kind: Kind
    holds: bool = True
    """For later calls too; else it is about this one alone."""
    for_model: bool = False
    """Only where the key is used for this model."""


class _Row(NamedTuple):
    dialect: str
    kind: Kind
    page: str
    codes: frozenset[str] = frozenset()
    """Of `code`, `type`, `status` or `details[].reason` in the error object."""
    sentence: re.Pattern[str] | None = None
    """The whole message."""
    statuses: frozenset[int] = frozenset()
    """Empty: any."""
    for_model: bool = False


def _codes(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_OPENAI = "https://platform.openai.com/docs/guides/error-codes/api-errors"
_ANTHROPIC = "https://docs.claude.com/en/api/errors"
_GOOGLE = "https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto"
_GEMINI = "https://ai.google.dev/gemini-api/docs/troubleshooting"
_AWS = "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html"
_DEEPSEEK = "https://api-docs.deepseek.com/quick_start/error_codes"
_OPENROUTER = "https://openrouter.ai/docs/api/reference/errors"
_MOONSHOT = "https://platform.moonshot.ai/docs/api/chat"
_NEW_API = "https://github.com/QuantumNous/new-api/blob/main/types/error.go"
_ONE_API = "https://github.com/songquanpeng/one-api/issues/1270"
_XAI = "https://docs.x.ai/docs/key-information/debugging"

_GOOGLE_KEY = _codes(
    "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED",
    "API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED", "ACCESS_TOKEN_EXPIRED", "ACCOUNT_STATE_INVALID",
    "CONSUMER_INVALID", "CONSUMER_SUSPENDED", "SERVICE_DISABLED",
)  # fmt: skip
_FORBIDDEN, _UNPAID, _LIMITED = frozenset({403}), frozenset({402, 403}), frozenset({429})

TABLE = (
    _Row("openai", "exhausted", _OPENAI, _codes("insufficient_quota", "billing_hard_limit_reached")),
    _Row("openai", "exhausted", _OPENAI, _codes("billing_not_active")),
    _Row("openai", "exhausted", _MOONSHOT, _codes("exceeded_current_quota_error")),
    _Row("openai", "exhausted", _NEW_API, _codes("insufficient_user_quota")),
    _Row("openai", "exhausted", _ONE_API, sentence=_whole(r"user quota is not enough(?: \(request id: \w{1,64}\))?"),
         statuses=_FORBIDDEN),
    _Row("openai", "exhausted", _DEEPSEEK, sentence=_whole(r"insufficient balance\.?"), statuses=_UNPAID),
    _Row("openai", "exhausted", _OPENROUTER, statuses=_UNPAID, sentence=_whole(
        r"insufficient credits\.?(?: Add more(?: and try again| using https://openrouter\.ai/(?:settings/)?credits)?\.?"
        r"| This account never purchased credits\. Make sure your key is on the correct account or org, and if so, "
        r"purchase more at https://openrouter\.ai/settings/credits)?")),
    _Row("openai", "exhausted", _OPENROUTER, statuses=_UNPAID, sentence=_whole(
        r"Key limit exceeded(?: \((?:total|daily|weekly|monthly) limit\))?\."
        r" Manage it using https://openrouter\.ai/settings/keys")),
    _Row("openai", "exhausted", _XAI, statuses=_FORBIDDEN | _LIMITED, sentence=_whole(
        r"Your team (?:[0-9a-f-]{36} )?has either used all available credits or reached its "
        r"(?:monthly spending )?limit\.(?: To continue making API requests, please purchase more credits or raise your "
        r"spending limit\.)?")),
    _Row("openai", "refused", _OPENAI, _codes("invalid_api_key", "account_deactivated")),
    _Row("openai", "refused", _DEEPSEEK, _codes("authentication_error")),
    _Row("openai", "refused", _MOONSHOT, _codes("invalid_authentication_error")),
    _Row("openai", "refused", _OPENAI, _codes("model_not_found"), statuses=_FORBIDDEN, for_model=True),
    _Row("openai", "exhausted", _GOOGLE, _codes("BILLING_DISABLED")),
    _Row("openai", "refused", _GOOGLE, _GOOGLE_KEY),
    _Row("anthropic", "exhausted", _ANTHROPIC, _codes(
        "billing_error", "contract_spend_limit_reached", "enforced_spend_limit_reached",
        "linked_organization_billing_unavailable", "linked_organization_spend_limit_reached")),
    _Row("anthropic", "refused", _ANTHROPIC, _codes("authentication_error", "organization_on_hold")),
    _Row("google", "exhausted", _GOOGLE, _codes("BILLING_DISABLED")),
    _Row("google", "exhausted", _GEMINI, statuses=_LIMITED, sentence=_whole(
        r"Your prepayment credits are depleted\.(?: Please go to AI Studio(?: at https://ai\.studio/projects)? to "
        r"manage your project and billing\.)?")),
    _Row("google", "exhausted", _GEMINI, statuses=_LIMITED, sentence=_whole(
        r"Your project has exceeded its (?:monthly )?spend(?:ing)? cap\.(?: Please go to AI Studio(?: at "
        r"https://ai\.studio/spend)? to manage your project spend(?:ing)? cap\.)?")),
    _Row("google", "refused", _GOOGLE, _GOOGLE_KEY),
    _Row("google", "refused", _GEMINI, statuses=_FORBIDDEN, sentence=_whole(
        r"Your API key was reported as leaked\.(?: Please use another API key\.)?")),
    _Row("aws", "exhausted", _AWS, statuses=_FORBIDDEN, for_model=True, sentence=_whole(
        r"Model access is denied due to INVALID_PAYMENT_INSTRUMENT: ?A valid payment instrument must be provided\. "
        r"Your AWS Marketplace subscription for this model cannot be completed at this time\.")),
    _Row("aws", "refused", _AWS, _codes("unrecognizedclient", "expiredtoken")),
    _Row("aws", "refused", _AWS, statuses=_FORBIDDEN, sentence=_whole(
        r"The security token included in the request is (?:invalid|expired)\.?"
        r"|Authentication failed: Please make sure your API Key is valid\.")),
)  # fmt: skip

_HINTS: tuple[tuple[Kind, frozenset[int | None], re.Pattern[str]], ...] = (
    (
        "exhausted",
        frozenset({None, 400, 401, 402, 403, 429}),
        re.compile(
            r"insufficient (?:account )?(?:balance|credits?|quota|funds)|quota (?:is )?not enough"
            r"|credit balance is too low|(?:not enough|out of|used all available) credits"
            r"|balance is (?:not enough|insufficient)|negative balance|余额不足|额度不足|额度已用尽"
            r"|reached your specified api usage limits|prepayment credits|credits are depleted|enable billing"
            r"|billing to be enabled|spend(?:ing)? cap|\blimit: 0\b|payment.instrument",
            re.IGNORECASE,
        ),
    ),
    (
        "refused",
        frozenset({None, 400, 403}),
        re.compile(
            r"(?:incorrect|invalid|wrong) (?:api|access|authentication) ?(?:key|token)"
            r"|api key (?:not valid|not found|expired|is invalid)|no auth credentials found|user not found"
            r"|invalid token|无效的令牌|reported as leaked|organization has been disabled|security token included",
            re.IGNORECASE,
        ),
    ),
)
"""Words about one call: its caller hears whose fault it is, and another key is asked."""

_EXCUSES = {
    401: re.compile(r"\bscopes?\b", re.IGNORECASE),
    402: re.compile(r"\btokens?\b|max_tokens|can only afford", re.IGNORECASE),
    403: re.compile(r"need quota|需要预扣费额度", re.IGNORECASE),
}
"""The endpoint is not the key's (a restricted key of OpenAI's), or this one request would cost too much (OpenRouter,
new-api): a smaller one is served."""
_OF_THE_PROMPT = re.compile(r"moderat|flagged|content[ _-]?(?:policy|filter)|safety|guardrail|harmful", re.IGNORECASE)
"""OpenRouter, Azure and firewalls before providers answer some prompts with 403: no key would be answered better."""


def about_key(dialect: str, status: int | None, words: Collection[str | None], message: str) -> OfKey | None:
    """What an error says of the key, and for how many calls that counts. None where it says nothing of it.

    `words`: of the error object's own fields, never of its text.
    """
    said = message[:READ_CHARACTERS].strip()
    excuse = _EXCUSES.get(status or 0)
    holds = not (excuse and excuse.search(said))
    for row in TABLE:
        if row.dialect != dialect or (row.statuses and status not in row.statuses):
            continue
        if not row.codes.isdisjoint(words) or (row.sentence and row.sentence.fullmatch(said)):
            return OfKey(row.kind, holds, row.for_model)
    for kind, statuses, hint in _HINTS:
        if status in statuses and hint.search(said):
            return OfKey(kind, holds and status == 401)
    if status == 402:
        return OfKey("exhausted", holds=False)
    if status == 403:
        return OfKey("refused", holds=False) if said and not _OF_THE_PROMPT.search(said) else None
    return OfKey("refused", holds) if status == 401 else None
