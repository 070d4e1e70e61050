"""The configuration file: read, checked and completed. `load` is the way in."""

from gatewatch.config.loading import Loaded, load
from gatewatch.config.models import Config
from gatewatch.config.problems import ConfigError, Problem

__all__ = ["Config", "ConfigError", "Loaded", "Problem", "load"]
