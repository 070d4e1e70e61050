"""What every mapping of the configuration file is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
