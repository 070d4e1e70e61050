"""Puts generated tables between their marks in a Markdown page, so that no figure is ever typed."""


def marks(name: str) -> tuple[str, str]:
    """The lines between which the tables of a benchmark stand."""
    return f"<!-- {name}: written by `--publish` -->\n", f"<!-- end of {name} -->\n"


def published(page: str, name: str, tables: str) -> str:
    """The page with these tables. Raises ValueError where the marks are missing."""
    begin, end = marks(name)
    before, began, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not began or not ended:
        raise ValueError(f"the page has no place for {name}")
    return f"{before}{begin}\n{tables}\n{end}{after}"
