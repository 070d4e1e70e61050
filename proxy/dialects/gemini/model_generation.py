"""What differs between generations of Google's models, told by their names.

A name that says nothing (an alias, a tuned model) counts as the newest generation, which Google's documentation
describes.
"""

_BEFORE_3 = ("gemini-1", "gemini-2", "gemini-robotics-er-1", "gemma", "learnlm")
_BEFORE_THINKING = ("gemini-1", "gemini-2.0", "gemma", "learnlm")


def bare_name(model: str) -> str:
    """A model's name without the collection that it may stand in (`models/…`)."""
    return model.rpartition("/")[2].lower()


def is_before_3(model: str) -> bool:
    """Whether it is older than Gemini 3: thinking by budget, no images in tool results, signatures not checked."""
    return bare_name(model).startswith(_BEFORE_3)


def is_pro(model: str) -> bool:
    """Whether it is one of the large models, which cannot be kept from thinking."""
    return "pro" in bare_name(model).split("-")


def never_thinks(model: str) -> bool:
    """Whether it is older than Google's first models that think."""
    return bare_name(model).startswith(_BEFORE_THINKING)
