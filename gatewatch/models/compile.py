"""Compiles the lists of models: `python -m gatewatch.models.compile [--litellm FILE] [--as-of DATE]`.

For maintainers: nothing at run time imports this module. Sources are LiteLLM's table (a file, or out of its wheel,
which is downloaded and not installed) and the context windows of genai-prices, whose models are all in.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
from genai_prices.data import providers
from genai_prices.types import ModelInfo, Provider

from gatewatch.models.facts import NOTHING, ModelFacts, filled
from gatewatch.models.litellm_file import Entry, Known, listed, other_names
from gatewatch.models.makers import maker_of
from gatewatch.models.model_list import BASE, ListedModel, ModelLists, write_lists
from gatewatch.models.name_forms import without_edition
from gatewatch.models.thinking import thinking_of
from gatewatch.prices.compile import OUR_NAMES
from gatewatch.prices.match import matches
from gatewatch.prices.package import match_of

_INPUT_ALONE = (272_000, 922_000)
"""What is left of OpenAI's windows of 400,000 and 1,050,000 tokens beside an output of 128,000."""

TABLE = "litellm/model_prices_and_context_window_backup.json"

_LEFT_OUT = re.compile(r"^(?:huggingface_|quicksilverpro$|openai-decisions$|typesafe$|elevenlabs$)")
"""Lists without facts of their own, or of nothing that the gateway can be asked for."""

_NOT_A_NAME = re.compile(
    r"^(?:ft:|regional\.|moderation$|computer-use$|gpt-5(?:\.\d)?-image|GLM-OCR$)|[-.]$"
    r"|tts|whisper|transcribe|realtime|gpt-image|chatgpt-image|gpt-live|voice|-ocr-"
)
"""What genai-prices calls groups of models; and speech, pictures and pages."""

_RETIRED = {
    # platform.claude.com/docs/en/about-claude/model-deprecations, as in the SDK (anthropic 2.12, DEPRECATED_MODELS)
    "anthropic": r"claude-(?:v?[12]|instant|3-|(?:opus|sonnet)-4-[01]$|(?:opus|sonnet)-4-2025|mythos-preview)",
    # developers.openai.com/api/docs/deprecations
    "openai": r"(?:text-)?(?:ada|babbage|curie|davinci)$|text-davinci|gpt-3.5-0301|gpt-3.5-turbo-0613|gpt-4-32k"
    r"|gpt-4-vision|gpt-4.5|o1-mini|o1-preview|gpt-4o:",
    # ai.google.dev/gemini-api/docs/deprecations
    "google": r"gemini-(?:1\.|2\.0|pro$|pro-1|flash-1|exp-)|gemini-gemma|gemma-2-|learnlm",
    # docs.x.ai/developers/migration/may-15-retirement
    "xai": r"grok-(?:2|3|4-0709|4-fast|4-1-fast|code-fast)",
    # docs.perplexity.ai/changelog: what was there before the Sonar models
    "perplexity": r"codellama|llama|mi[sx]tral|pplx-\d+b|sonar-(?:medium|small)|r1-1776",
    # api-docs.deepseek.com/updates: its API knew them under other names, or knows them no more
    "deepseek": r"deepseek-(?:coder|r1|v3)",
}


def compile_lists(table: Mapping[str, Entry], origin: str, as_of: date) -> ModelLists:
    """`table`: LiteLLM's, `origin`: which one that is. The same in, the same out."""
    known: dict[str, dict[str, Known]] = {}
    for sold_by, model in listed(table):
        known.setdefault(sold_by, {}).setdefault(model.name, model)
    others = other_names(table)
    found: dict[str, dict[str, ListedModel]] = {}
    by_list = {OUR_NAMES.get(each.id, each.id): each for each in providers if not _LEFT_OUT.search(each.id)}
    for name in sorted(known.keys() | by_list.keys()):
        theirs = by_list.get(name)
        models = {
            model.name: _listed(name, model, _with_window(name, model.facts, theirs, model.name), origin, as_of)
            for model in known.get(name, {}).values()
        }
        for info in theirs.models if theirs else ():
            called = _name_of(name, info)
            if called and (name, called.lower()) not in others and called not in models:
                models[called] = _from_prices(name, called, info, models, known.get("vertex", {}), origin)
        found[name] = models
    return {name: sorted(models.values(), key=lambda model: model.model) for name, models in found.items() if models}


def _listed(sold_by: str, known: Known, facts: ModelFacts, source: str, as_of: date) -> ListedModel:
    ends = known.entry.get("deprecation_date")
    retired = (isinstance(ends, str) and ends <= as_of.isoformat()) or _is_retired(sold_by, known.name)
    return ListedModel(model=known.name, facts=facts, retired=retired, source=source)


def _from_prices(
    sold_by: str,
    name: str,
    info: ModelInfo,
    models: Mapping[str, ListedModel],
    elsewhere: Mapping[str, Known],
    origin: str,
) -> ListedModel:
    """A model that LiteLLM does not have under this name: perhaps as its latest edition, or (Claude) on Vertex."""
    source = f"genai-prices {version('genai-prices')}"
    facts = ModelFacts(context_window=info.context_window, thinking=thinking_of(sold_by, name, None))
    retired = _is_retired(sold_by, name) or bool(info.deprecated)
    stem = without_edition(name)
    edition = NOTHING
    if not retired and name in (stem, f"{stem}-latest"):  # of one with a date nothing follows for another date
        edition = next((models[each].facts for each in (stem, f"{stem}-latest") if each in models), NOTHING)
    if edition == NOTHING and sold_by == "anthropic" and stem in elsewhere:
        edition = elsewhere[stem].facts
    if edition != NOTHING:
        facts, source = filled(facts, edition), f"{origin}, {source}"
    return ListedModel(model=name, facts=facts, retired=retired, source=source)


def _is_retired(sold_by: str, name: str) -> bool:
    return sold_by in _RETIRED and re.match(_RETIRED[sold_by], name) is not None


def _name_of(sold_by: str, info: ModelInfo) -> str | None:
    """What the provider calls a model of its price list. None: nothing that it takes, or another vendor's."""
    name = info.id
    if _NOT_A_NAME.search(name) or (sold_by == "openai" and "gpt-oss" in name):
        return None
    if ":" in name and sold_by not in ("bedrock", "openrouter"):
        return None  # OpenRouter's variants, in other lists
    if sold_by == "google" and maker_of(name) != "google":
        return None
    if sold_by == "openrouter" and "/" not in name:
        return None
    if sold_by == "fireworks" and "/" not in name:
        name = f"accounts/fireworks/models/{name}"
        return name if _means(info, name) else None
    return name


def _with_window(sold_by: str, facts: ModelFacts, theirs: Provider | None, name: str) -> ModelFacts:
    """LiteLLM's figure is the more exact one, except where it takes the output off the vendor's whole window."""
    window, output = facts.context_window, facts.max_output
    stated = next((info.context_window for info in theirs.models if _means(info, name)), None) if theirs else None
    if window is None or facts.output == ("embedding",):
        window = stated or window
    elif output and (window + output == stated or (sold_by in ("openai", "azure") and window in _INPUT_ALONE)):
        window += output
    return msgspec.structs.replace(facts, context_window=window)


def _means(info: ModelInfo, name: str) -> bool:
    return matches(match_of(info.match), name.lower())


def table_of_wheel(wheel: Path) -> tuple[dict[str, Entry], str]:
    """The table in a LiteLLM wheel, and which version's it is."""
    with zipfile.ZipFile(wheel) as archive:
        return msgspec.json.decode(archive.read(TABLE), type=dict[str, Entry]), f"litellm {wheel.name.split('-')[1]}"


def _downloaded() -> tuple[dict[str, Entry], str]:
    with tempfile.TemporaryDirectory() as folder:
        wanted = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "litellm"]
        subprocess.run([*wanted, "--dest", folder], check=True)
        (wheel,) = Path(folder).glob("litellm-*.whl")
        return table_of_wheel(wheel)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m gatewatch.models.compile", description=__doc__)
    parser.add_argument("--litellm", type=Path, metavar="FILE", help="its wheel, or the table (with --litellm-version)")
    parser.add_argument("--litellm-version", default="of an unknown version", metavar="VERSION")
    parser.add_argument("--as-of", type=date.fromisoformat, default=datetime.now(UTC).date(), metavar="DATE")
    options = parser.parse_args(argv)
    if options.litellm is None:
        table, origin = _downloaded()
    elif options.litellm.suffix == ".whl":
        table, origin = table_of_wheel(options.litellm)
    else:
        table = msgspec.json.decode(options.litellm.read_bytes(), type=dict[str, Entry])
        origin = f"litellm {options.litellm_version}"
    lists = compile_lists(table, origin, options.as_of)
    BASE.mkdir(exist_ok=True)
    write_lists(BASE, lists)
    size = sum(path.stat().st_size for path in BASE.glob("*.jsonl"))
    sys.stdout.write(f"{sum(map(len, lists.values()))} models in {len(lists)} lists, {size // 1000} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
