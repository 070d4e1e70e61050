"""The forms that one model's name takes: with a date or a version behind it, with a region before it."""

import re

LONGEST_NAME = 256

_EDITION = re.compile(
    r"(?:[-@](?:20\d{6}|20\d\d-\d\d-\d\d|latest|default|\d{4}|00\d)|-preview-\d\d-(?:\d\d|20\d\d)|-v\d+(?::\d+)?|:\d+)$",
    re.ASCII,
)
_REGION = re.compile(r"^(?:us|eu|apac|jp|au|ca|sa|us-gov|global)\.(?=\w+\.)", re.ASCII)


def without_edition(name: str) -> str:
    """`gpt-4o-2024-08-06`, `claude-sonnet-4-5@20250929`, `mistral-large-latest` → the model they are editions of."""
    while shorter := _EDITION.sub("", name):
        if shorter == name:
            break
        name = shorter
    return name


def without_region(name: str) -> str:
    """Bedrock's `us.anthropic.claude-…`, and the ARN of such a profile, → `anthropic.claude-…`."""
    if name.startswith("arn:"):
        name = name.rpartition("/")[2]
    return _REGION.sub("", name)
