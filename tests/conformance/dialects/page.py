"""docs/dialects.md: its words are written by hand, its tables by this, from what the tests prove.

`make dialects` rewrites the tables.
"""

from collections.abc import Callable

from tests.conformance.dialects.features import GROUPS
from tests.conformance.dialects.heard import Caller
from tests.conformance.dialects.side_tables import COUNTS, EMBEDDINGS, HIDDEN, count_verdict, embedding_verdict
from tests.conformance.dialects.specials import SPECIALS
from tests.conformance.dialects.table import CALLERS, PROVIDERS, provider_of
from tests.conformance.dialects.verdicts import DROPPED, PASSED, REFUSED, STRAIGHT, loss, notes, verdict
from tests.kit.running import ROOT

PAGE = ROOT / "docs" / "dialects.md"
_MARKS = {PASSED: "✓", DROPPED: "dropped", REFUSED: "**refused**", HIDDEN: "–"}


class Footnotes:
    """Numbered as they are first met; one text has one number."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def mark(self, texts: list[str]) -> str:
        numbers = [self.texts.setdefault(text, len(self.texts) + 1) for text in texts]
        return f" ({', '.join(map(str, numbers))})" if numbers else ""


def rendered(page: str) -> str:
    """The page with its tables as they must be."""
    footnotes = Footnotes()
    for name, write in _TABLES.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, found, rest = page.partition(begin)
        _, ended, after = rest.partition(end)
        assert found, f"the page has no place for {name}"
        assert ended, f"the place for {name} has no end"
        page = f"{before}{begin}\n\n{write(footnotes)}\n\n{end}{after}"
    return page


def _of(caller: Caller) -> Callable[[Footnotes], str]:
    def write(footnotes: Footnotes) -> str:
        heads = [
            f"{each.title} (straight)" if (caller.id, each.id) in STRAIGHT else each.title
            for each in PROVIDERS.values()
        ]
        lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
        for group, features in GROUPS.items():
            said = [feature for feature in features if feature.id not in caller.unsaid]
            if said:
                lines.append(f"| **{group}** |" + " |" * len(heads))
            for feature in said:
                cells = [_cell(caller, each, feature.id, footnotes) for each in PROVIDERS]
                lines.append(f"| {feature.title} | {' | '.join(cells)} |")
        unsaid = [
            f"{feature.title} ({caller.unsaid[feature.id]})"
            for features in GROUPS.values()
            for feature in features
            if feature.id in caller.unsaid
        ]
        if caller.id == "completions":
            return "\n".join(lines)
        return "\n".join(lines) + f"\n\nNot in this API: {', '.join(unsaid)}."

    return write


def _cell(caller: Caller, provider: str, feature: str, footnotes: Footnotes) -> str:
    to = provider_of(caller.id, provider)
    found = loss(caller, to, feature)
    texts = [found.why] if found else list(notes(caller, to, feature))
    return _MARKS[verdict(caller, to, feature)] + footnotes.mark(texts)


def _embeddings(footnotes: Footnotes) -> str:
    del footnotes
    lines = [f"| | {' | '.join(each.title for each in PROVIDERS.values())} |", "|---" * (len(PROVIDERS) + 1) + "|"]
    for id, row in EMBEDDINGS.items():
        cells = [_MARKS[embedding_verdict(each, id)] for each in PROVIDERS.values()]
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _counts(footnotes: Footnotes) -> str:
    del footnotes
    lines = [f"| | {' | '.join(each.title for each in PROVIDERS.values())} |", "|---" * (len(PROVIDERS) + 1) + "|"]
    for title, _ in COUNTS.values():
        lines.append(f"| {title} | {' | '.join(count_verdict(each) for each in PROVIDERS.values())} |")
    return "\n".join(lines)


def _specials(footnotes: Footnotes) -> str:
    del footnotes
    lines = ["| asked | provider | becomes |", "|---|---|---|"]
    lines += [f"| {each.title} | {PROVIDERS[each.provider].title} | {each.outcome} |" for each in SPECIALS]
    return "\n".join(lines)


def _reasons(footnotes: Footnotes) -> str:
    return "\n".join(f"{number}. {text}" for text, number in footnotes.texts.items())


_TABLES: dict[str, Callable[[Footnotes], str]] = {
    **{caller.id: _of(caller) for caller in CALLERS.values()},
    "footnotes": _reasons,
    "specials": _specials,
    "embeddings": _embeddings,
    "count_tokens": _counts,
}

if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
