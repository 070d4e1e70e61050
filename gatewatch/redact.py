"""Takes secrets and personal data out of text that will be written or shown: errors, attempts, log lines.

- What is taken out leaves its kind behind: `[secret]`, `[email]`, `[phone]`, `[card]`. Redacting twice changes nothing.
- Linear time whatever the text: a pattern cannot fail behind its first few characters, or it starts only where a run
  of its characters starts and repeats possessively. No pattern comes from outside.
- Plain text passes by substring tests; a pattern runs where one of these tests finds something.

It knows shapes, not meanings: a password in prose stays. It is no guardrail for prompts.
"""

import re
from functools import cache

_TOKEN_STARTS = {
    **dict.fromkeys(("gwk_", "sk-", "sk_live_", "sk_test_", "rk_live_", "pk-lf-", "xai-", "gsk_", "pplx-"), 8),
    **dict.fromkeys(("csk-", "tgp_v1_", "nvapi-", "lsv2_", "tvly-", "ABSK", "bedrock-api-key-", "AQ.Ab", "ya29."), 8),
    **dict.fromkeys(("AKIA", "ASIA", "AIza", "r8_", "fw_"), 12),
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxp-"), 8),
    **dict.fromkeys(("hf_", "npm_"), 20),
    "eyJ": 10,
}
"""How keys begin (providers, ours, code hosts, JSON web tokens), and how many characters must follow at least."""

_UNDASHED = tuple(start for start in _TOKEN_STARTS if start[-1] not in "-_")
_DASHED = re.compile("[-_](?<=" + "|".join(sorted({start[-3:] for start in _TOKEN_STARTS if start[-1] in "-_"})) + ")")
"""One scan that stops at dashes only, in place of a search for each start."""

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[\s\S]*?(?:-----END [A-Z0-9 ]{0,50}-----|\Z)")
_BEARER = re.compile(r"(?<=earer)([ \t]{1,4})([\w.~+/=*-]{6,})", re.ASCII)
_URL_PASSWORD = re.compile(r"(?<=://)[^\s/@\[\]]++@")
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]++@[\w-]++(?:\.[\w-]++)+")

_ASSIGNMENT = re.compile(r"[:=](?<=[A-Za-z\\\"' ][:=])")
_NAME = re.compile(
    r"(?:(?:api|access|secret|private|subscription|master|admin)[_ -]?(?:key|token)|[?&]key|authorization|[_-]token"
    r"|(?<![a-z0-9_-])token|secret|passw(?:or)?d|pwd|passphrase|credentials?)(?: provided)?[\\\"' \t]{0,5}\Z"
)
_NAME_ENDS = (
    *("key", "token", "secret", "passwd", "password", "pwd", "passphrase"),
    *("authorization", "credential", "credentials", "provided"),
)
_VALUE = re.compile(r"[:=][ \t]{0,3}[\\\"']{0,2}(?:(?i:basic|bearer|token) )?([^\s\\\"'&,;<>()\[\]{}]{4,})")
_NOT_A_VALUE = frozenset(
    (
        *("must", "missing", "required", "invalid", "incorrect", "provided", "null", "none", "true", "false", "string"),
        *("unset", "empty", "expired", "wrong", "unknown", "basic", "bearer", "your", "this", "that", "with", "from"),
        *("have", "please", "cannot", "should"),
    )
)

_DIGITS = re.compile(r"[0-9][0-9 ().-]{7,}")
_NUMBER = re.compile(
    r"(?<![\w.+-])(?:"
    r"(?P<card>[2-6][0-9]{3}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{1,7}|3[47][0-9]{2}([ -])[0-9]{6}\3[0-9]{5}"
    r"|3[068][0-9]{2}([ -])[0-9]{6}\4[0-9]{4}|[2-6][0-9]{12,18})"
    r"|\+[1-9][0-9]{9,14}|\+[1-9][0-9]{0,3}(?:[ .-]?\(0?[0-9]{1,4}\))?(?:[ .-][0-9]{2,8}){1,5}"
    r"|(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}"
    r")(?![\w-]|\.[0-9])",
    re.ASCII,
)


def redact(text: str) -> str:
    """`text` without provider keys, our keys, tokens, passwords, private keys, e-mail, phone and card numbers."""
    if "-----BEGIN " in text:
        text = _PRIVATE_KEY.sub("[secret]", text)
    for start in _TOKEN_STARTS if _DASHED.search(text) else _UNDASHED:
        if start in text:
            text = _token(start).sub("[secret]", text)
    if "earer" in text:
        text = _BEARER.sub(_bearer, text)
    if ":" in text or "=" in text:
        text = _without_credentials(text)
    if "@" in text:
        if "://" in text:
            text = _URL_PASSWORD.sub("[secret]@", text)
        text = _EMAIL.sub(_email, text)
    return _without_numbers(text)


@cache
def _token(start: str) -> re.Pattern[str]:
    """The literal stands first, where the engine searches for it fast; the look-behind behind it sees past it."""
    literal = re.escape(start)
    return re.compile(rf"{literal}(?<![A-Za-z0-9]{literal})[\w.*~+/=-]{{{_TOKEN_STARTS[start]},}}", re.ASCII)


def _bearer(match: re.Match[str]) -> str:
    """A word after "Bearer" is a token when it is long or holds what prose does not."""
    value = match[2].rstrip(".")
    is_token = len(value) >= 20 or not value.isalpha()
    return f"{match[1]}[secret]{match[2][len(value) :]}" if is_token else match[0]


def _email(match: re.Match[str]) -> str:
    """`name@1.2.3` is a package, not a mailbox: the last label of a domain has letters."""
    return "[email]" if match[0].rpartition(".")[2].isalpha() else match[0]


def _without_credentials(text: str) -> str:
    """Replaces what is assigned, by `:` or `=`, to the name of a credential."""
    kept: list[str] = []
    done = at = 0
    while assignment := _ASSIGNMENT.search(text, at):
        at = assignment.end()
        name = text[max(done, at - 40) : at - 1].lower()
        if not name.rstrip(" \t\\\"'").endswith(_NAME_ENDS) or not _NAME.search(name):
            continue
        value = _VALUE.match(text, at - 1)
        if value and value[1].rstrip(".").lower() not in _NOT_A_VALUE:
            kept += (text[done : value.start(1)], "[secret]")
            done = at = value.end() - (value[1].endswith("."))
    return "".join((*kept, text[done:])) if kept else text


def _without_numbers(text: str) -> str:
    """Replaces card and phone numbers. A find that is neither hides none that begins inside it."""
    kept: list[str] = []
    done = 0
    for run in _DIGITS.finditer(text):
        at = max(done, run.start() - 2)  # "+" and "(" stand before the first digit
        while number := _NUMBER.search(text, at, run.end() + 2):
            at = number.start() + 1
            if kind := _kind(number):
                kept += (text[done : number.start()], kind)
                done = at = number.end()
    return "".join((*kept, text[done:])) if kept else text


def _kind(number: re.Match[str]) -> str:
    digits = [int(character) for character in number[0] if character.isdigit()]
    if number["card"]:
        return "[card]" if 13 <= len(digits) <= 19 and _luhn(digits) else ""
    if number[0].startswith(("+1", "+7")) or not number[0].startswith("+"):
        return "[phone]" if len(digits) == 10 + (digits[0] in (1, 7)) else ""
    return "[phone]" if 8 <= len(digits) <= 15 else ""


def _luhn(digits: list[int]) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
