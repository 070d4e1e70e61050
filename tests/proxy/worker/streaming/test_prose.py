"""Where sentences end: what a reader would say, in several languages."""

import pytest

from proxy.worker.streaming.prose import Prose

BAR = "|"
"""Where a sentence has ended. What stands behind the last one has not, as far as can be seen."""


def cut(text: str) -> str:
    """The text with a bar wherever something went out, fed letter by letter."""
    prose, held, out = Prose(), "", ""
    for letter in text:
        held += letter
        if end := prose.end_in(held):
            out += held[:end] + BAR
            prose.went(held[:end])
            held = held[end:]
    return out + held


@pytest.mark.parametrize(
    "text",
    [
        "Hello there.| How are you?| Fine!| And you",
        "Wait...| What?!| No…| Yes",
        "It costs 3.14 USD.| Or 1,000.50 in all.| Then",
        "See e.g. this, i.e. that, cf. Fig. 3 and p. 117.| Next",
        "Mr. Smith met Dr. J. R. Brown in the U.S. and Ph.D. students vs. others.| So",
        "Das ist z.B. gut, d.h. bzw. ca. 3. Mai.| Dann",
        'She said "Go."| And he (softly.)| went',
        "**Bold.**| Then `code.`| then _that._| End",
        "See example.com/a.b?c=d and v1.2.3 of foo.bar() now.| Then",
        "He came in 1999.| Then left",
        "1. One thing.\n|2. Another thing\n|3. Third.| x",
        "One line\n|Another: yes;\n|",
        "Line\r\n|Line",
        "你好。|我很好！|「是吗？」|是的",
        "مرحبا؟| نعم۔| ثم",
        "नमस्ते।| ठीक",
        "No end at all, only commas, and so on",
        "",
        " . . . x",
        "Really?\"| 'Yes.'| ok",
        "Run this:\n|```python\n|a = b. c\n|if x: y! z\n|```\n|Done.| Then",
        "~~~\n|A. B\n|~~~\n|Done.| Then",
        "```\n|~~~ A. B\n|``` not the end. So\n|```  \n|Done.| Then",
        "  ```a. b",
    ],
)
def test_a_sentence_goes_out_when_what_follows_shows_that_it_has_ended(text: str) -> None:
    assert cut(text.replace(BAR, "")) == text


@pytest.mark.parametrize(
    ("held", "end"),
    [("Hello.", 0), ("Hello. ", 6), ("Hello. You. There", 11), ("A\nB\nC", 4), ("3.", 0), ("Hi!\n", 4), ("。", 0)],
)
def test_all_that_has_ended_goes_out_at_once(held: str, end: int) -> None:
    assert Prose().end_in(held) == end


def test_a_block_of_code_is_known_also_where_its_fence_went_out_in_two() -> None:
    prose = Prose()
    prose.went("Look:\n``")
    prose.went("`python\nx = 1")
    assert prose.end_in(". y ! z") == 0
    assert prose.end_in(". y ! z\n") == 8
