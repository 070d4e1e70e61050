"""Where providers' regions lie, as clouds name them (AWS, Google Cloud, Azure), or as an operator says (`eu`).

Keeps true: a region that nobody knows lies nowhere, so that what must stay in an area is never sent there.
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


def lies_in(region: str | None, area: str) -> bool:
    """Whether a provider's region (`eu`, `eu-west-1`, `europe-west4`, `swedencentral`) lies in that area, or is it."""
    if region is None:
        return False
    region = region.lower()
    known = _AREAS.get(area)
    return region == area or (known is not None and known.fullmatch(region) is not None)
