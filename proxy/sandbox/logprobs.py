"""How likely each token was: numbers that follow from the token and its place, so that any cut of a reply agrees."""

from typing import NamedTuple

from proxy.sandbox.prose import Dice, key_of


class TokenLogprob(NamedTuple):
    """A token and the logarithm of its probability."""

    token: str
    logprob: float

    @property
    def bytes(self) -> list[int]:
        return list(self.token.encode())


def chosen(token: str, place: int) -> TokenLogprob:
    """The token that was taken at this place: between −0.5 and 0."""
    return TokenLogprob(token, -round(Dice(key_of(token, place)).share() / 2, 6))


def likeliest(token: str, place: int, count: int) -> list[TokenLogprob]:
    """The `count` likeliest tokens there, the one taken first."""
    first = chosen(token, place)
    others = [TokenLogprob(f"{token}{'~' * rank}", first.logprob - rank) for rank in range(1, count)]
    return [first, *others][:count]
