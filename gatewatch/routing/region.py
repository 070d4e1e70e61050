"""Where providers' regions lie, as clouds name them (AWS, Google Cloud, Azure), or as an operator says (`eu`).

Keeps true: a region that nobody knows lies nowhere, so that what must stay in an area is never sent there; the name of
a model takes it out of its provider's region, but never into another.
"""

import re

_AREAS: dict[str, re.Pattern[str]] = {
    # AWS eu-west-2 is London, eu-central-2 Zurich; Google's europe-west2 London, europe-west6 Zurich
    "eu": re.compile(
        r"eu|eu-(?:west-[13]|central-1|north-1|south-[12])|eusc-[a-z0-9-]+|europe-(?:west(?:1|3|4|8|9|1[02])|north[12]|"
        r"central2|southwest1)|(?:west|north)europe|(?:france|germany|sweden|italy|poland|spain|austria|belgium)[a-z]+"
    ),
    "us": re.compile(r"us|us-(?!gov|iso)[a-z]+-?[0-9]+|(?:(?:north|south|west)?central|east|west)us[23]?"),
    "uk": re.compile(r"uk|eu-west-2|europe-west2|uk(?:south|west)"),
    "ch": re.compile(r"ch|eu-central-2|europe-west6|switzerland[a-z]+"),
    "ca": re.compile(r"ca|ca-[a-z]+-[0-9]|northamerica-northeast[12]|canada[a-z]+"),
    "jp": re.compile(r"jp|ap-northeast-[13]|asia-northeast[12]|japan[a-z]+"),
    "in": re.compile(r"in|ap-south-[12]|asia-south[12]|(?:central|south|west)india"),
    "au": re.compile(r"au|ap-southeast-[24]|australia-?[a-z]+[12]?"),
}


AND = "+"
"""Between areas that all have to hold: of a route that stays in one, for a key that stays in another."""
AREAS = tuple(_AREAS)
"""Those of which it is known what lies in them."""
_AREA = re.compile(r"[a-z]{2,20}")
NOWHERE = "global"
"""What clouds call a place that they choose call by call."""
_PREFIX = re.compile(r"(us-gov|us|eu|apac|jp|au|ca|sa|in|global)\.(?=[a-z0-9-]+\.)")
"""Of models that AWS answers in whichever region of an area has room: `eu.anthropic.claude-…`."""
_RESOURCE = re.compile(r"arn:aws[a-z-]*:bedrock:([a-z0-9-]*):[0-9]*:([a-z-]+)/(.*)", re.DOTALL)
_ELSEWHERE = frozenset({"application-inference-profile", "prompt-router", "default-prompt-router"})
"""Resources of AWS whose names do not tell which regions they answer in."""


def is_area(text: str) -> bool:
    """Whether it may name an area: one that is known, or a region whose name is one word."""
    return _AREA.fullmatch(text) is not None and text != NOWHERE


def every_area(*regions: str | None) -> list[str]:
    """The areas that something has to be answered in; each of `regions` names one, or several with `+`, or none."""
    return list(dict.fromkeys(area for region in regions if region for area in region.split(AND)))


def lies_in(region: str | None, area: str) -> bool:
    """Whether a provider's region (`eu`, `eu-west-1`, `europe-west4`, `swedencentral`) lies in that area, or is it."""
    if region is None:
        return False
    region = region.lower()
    if region == NOWHERE:
        return False
    known = _AREAS.get(area)
    return region == area or (known is not None and known.fullmatch(region) is not None)


def answered_in(region: str | None, model: str, area: str) -> bool:
    """Whether a model of a provider with that region is answered in that area: both the place that is asked, and the
    one that the model's name says where it says one. `global.` is nowhere."""
    return lies_in(region, area) and all(lies_in(place, area) for place in _places(model))


def _places(model: str) -> list[str]:
    """What the name of a model says of where it is answered, also behind an aggregator's `bedrock/`."""
    said: list[str] = []
    name = model.lower()
    at = name.find("arn:aws")
    if at >= 0:
        found = _RESOURCE.fullmatch(name, at)
        if found is None or found[2] in _ELSEWHERE:
            return [NOWHERE]
        said.append(found[1])
        name = found[3]
    if prefix := _PREFIX.match(name.rpartition("/")[2]):
        said.append(prefix[1])
    return said
