"""The caller's user, as OpenAI and its imitators take it: `user` has at most 64 characters, `safety_identifier` 64 or
128, by the page. Claude Code's has about 170."""

from hashlib import sha256

LONGEST = 64


def user_id(said: str | None) -> str | None:
    """As it is, or where that is too long its SHA-256: one for each user, as OpenAI recommends."""
    if said is None or len(said) <= LONGEST:
        return said
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
