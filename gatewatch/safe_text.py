"""Makes text from calls harmless on a terminal: no escapes, no controls, no bidirectional overrides.

Every string from outside (model and key names, errors, prompts, logs) passes through here before it reaches a screen
or a terminal's stdout. It stays readable: controls become their visible pictures.
"""

import unicodedata

_CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def safe(text: object, limit: int = 2000) -> str:
    """`text` with C0 controls as U+24xx glyphs and C1, format, surrogate and private-use characters as U+FFFD."""
    shown = str(text)
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    if shown.isascii() and shown.isprintable():
        return shown
    shown = shown.translate(_CONTROLS)
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _HIDDEN_CATEGORIES else c for c in shown)
