"""Metrics for Prometheus, as they stand in the configuration file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from gatewatch.config.problems import KeyPath, Problem, found_text
from gatewatch.config.section import Section
from gatewatch.config.values import ListenAddress

if TYPE_CHECKING:
    from gatewatch.config.models import Config


class MetricsTls(Section):
    """A certificate and its key, as PEM files, and who may ask."""

    cert: str = Field(min_length=1)
    """File with the certificate and its chain."""
    key: str = Field(min_length=1)
    """File with the private key."""
    client_ca: str = Field(min_length=1)
    """File with the certificates that have to have signed a scraper's own one."""


class Metrics(Section):
    """Where Prometheus asks for metrics, beside the control API."""

    listen: ListenAddress | None = None
    """An address that answers `GET /metrics` without a key. Anything but loopback needs `tls`. Left out: the control
    API alone answers."""
    tls: MetricsTls | None = None
    """Serve https, to those with a certificate of `client_ca` alone."""
    series: int = Field(default=2000, ge=10, le=100_000)
    """How many series, as Prometheus counts them, each metric may have; a histogram has one for each bucket, and two
    more. Calls with later labels are counted as `other`."""


def metrics_problems(config: "Config") -> Iterator[Problem]:
    """Every rule that `metrics` breaks."""
    metrics = config.metrics
    path: KeyPath = ("metrics", "listen")
    if metrics.listen and not metrics.listen.is_loopback and not metrics.tls:
        allowed = "a loopback address such as 127.0.0.1:9464, or tls: {cert, key, client_ca}"
        yield Problem(path, f"{metrics.listen}, where other machines could read teams and costs", allowed)
    if metrics.listen and metrics.listen.port and metrics.listen in (config.listen, config.control.listen):
        yield Problem(path, f"{metrics.listen}, where apps call or consoles ask", "another port")
    for name in ("cert", "key", "client_ca") if metrics.tls else ():
        file = getattr(metrics.tls, name)
        if not os.access(Path(file).expanduser(), os.R_OK):
            place: KeyPath = ("metrics", "tls", name)
            yield Problem(place, found_text(place, file), "a file that can be read")
