"""What a provider lets its keys ask, and how calls wait for a turn, as they stand in the configuration file."""

from pydantic import Field

from gatewatch.config.section import Section
from gatewatch.config.values import Count, Duration, Flag, ModelName, TeamName

_SECOND = 1_000_000


class KeyLimits(Section):
    """What one key may ask. One that is full is passed over for the next key or target; where all are, it is a 429."""

    rpm: Count | None = None
    """Requests a minute."""
    tpm: Count | None = None
    """Tokens a minute, input and output."""
    input_tpm: Count | None = None
    """Input tokens a minute; what the provider reads from its cache does not count."""
    output_tpm: Count | None = None
    """Output tokens a minute."""
    concurrent: Count | None = None
    """Calls that run at the same time; further ones wait for their turn. Several workers share it evenly."""


class ProviderLimits(KeyLimits):
    """What the provider lets each of its keys ask, whatever the model; beside what its replies say."""

    models: dict[ModelName, KeyLimits] = {}
    """The provider's model → what each key may ask of it."""


class Pacing(Section):
    """How calls wait for a turn, where a key comes near its limits or something has a cap (docs/pacing.md)."""

    from_headers: Flag = True
    """Whether limits are learned from the headers of providers' replies."""
    queue: int = Field(default=100, ge=0, le=100_000)
    """Calls that may wait for one key with one model, or for one name under `models`, in each worker."""
    wait: Duration = 5 * _SECOND
    """How long a call waits at most."""
    batch_wait: Duration = 60 * _SECOND
    """The same of calls with `x-gatewatch-priority: batch`."""
    urgent_teams: tuple[TeamName, ...] | None = None
    """The only teams whose `x-gatewatch-priority: urgent` is heeded. Left out: any."""
