"""Chance without chance: keys from what was asked, numbers from a key, and text from it as a list of tokens.

A token is a word with the space before it, or a full stop; of text that came from outside, four bytes. Both are
near to what real tokenizers count, and anybody can recount them.
"""

import hashlib
import math
from itertools import cycle, islice

import msgspec

_canonical = msgspec.json.Encoder(order="deterministic").encode

BYTES_PER_TOKEN = 4


def key_of(*parts: object) -> bytes:
    """64 bytes that follow from the parts: anything that JSON can say, the order of an object's keys aside."""
    return hashlib.blake2b(_canonical(parts)).digest()


class Dice:
    """Numbers that follow from a key and a purpose."""

    def __init__(self, key: bytes, purpose: str = "") -> None:
        self._key = key + purpose.encode()
        self._rolled = b""
        self._rolls = 0

    def number(self, below: int) -> int:
        """The next integer of [0, below)."""
        if not self._rolled:
            self._rolled = hashlib.blake2b(b"%d " % self._rolls + self._key).digest()
            self._rolls += 1
        rolled, self._rolled = self._rolled[:4], self._rolled[4:]
        return int.from_bytes(rolled) * below >> 32

    def share(self) -> float:
        """The next number of [0, 1)."""
        return self.number(2**32) / 2**32

    def normal(self) -> float:
        """The next number of the standard normal distribution (Box and Muller's)."""
        return math.sqrt(-2 * math.log(1 - self.share())) * math.cos(2 * math.pi * self.share())


def count_tokens(text: str) -> int:
    """Tokens of text from outside: a started four bytes of UTF-8 each."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-size // BYTES_PER_TOKEN)


def pieces_of(text: str) -> list[str]:
    """Text from outside as tokens, for replies that dictate it: four characters each."""
    return [text[start : start + BYTES_PER_TOKEN] for start in range(0, len(text), BYTES_PER_TOKEN)]


_OPENING = ["This", " is", " the", " sandbox", "."]


def _spaced(words: str) -> list[str]:
    return [f" {word}" for word in words.split()]


_ADJECTIVES = _spaced(
    "quiet warm early plain broad gentle narrow sudden distant clear heavy honest idle late modest northern open "
    "patient quick round silver small steady tall thin upper velvet western wooden yellow young amber"
)
_NOUNS = _spaced(
    "harbour river window ledger garden engine letter market bridge signal meadow captain lantern orchard painter "
    "quarry ribbon sailor teacher valley winter compass dragon elbow falcon glacier hammer island journal kettle "
    "ladder mirror"
)
_VERBS = _spaced(
    "follows carries answers measures paints borrows crosses delivers explains finds gathers holds imagines joins "
    "keeps lifts mends needs orders passes questions repairs shows trusts unfolds visits watches weighs yields draws "
    "counts greets"
)


def prose(key: bytes) -> list[str]:
    """Two to eleven sentences that follow from the key, as tokens: 21 to 93 of them."""
    return _OPENING + list(islice(_sentences(key), 8 * (2 + key[63] % 10)))


def prose_of(key: bytes, length: int) -> list[str]:
    """The same, but exactly `length` tokens."""
    once = list(_sentences(key))
    return (_OPENING + list(islice(cycle(once), max(0, length - len(_OPENING)))))[:length]


def _sentences(key: bytes) -> list[str]:
    tokens: list[str] = []
    for at in range(0, 60, 5):
        quality, noun, verb, other_quality, other_noun = key[at : at + 5]
        tokens += (
            " The",
            _ADJECTIVES[quality & 31],
            _NOUNS[noun & 31],
            _VERBS[verb & 31],
            " the",
            _ADJECTIVES[other_quality & 31],
            _NOUNS[other_noun & 31],
            ".",
        )
    return tokens
