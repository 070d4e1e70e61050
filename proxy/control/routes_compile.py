"""The models of the configuration → the routes that a worker is told, and what holds for all of them."""

import hashlib

import msgspec

from gatewatch.config import Config
from gatewatch.config import models as written
from gatewatch.config import routing as form
from gatewatch.money import picos_from_usd
from proxy.routing import Breaking, CacheRule, Coalescing, Condition, Routing, ShortAnswer, Target, WorkloadRule
from proxy.settings import Deadlines, Route


def compile_route(name: str, model: written.Model) -> Route:
    """Its version changes with whatever changes where its calls go, or what becomes of them."""

    def target(text: str) -> Target:
        provider, _, of_provider = text.partition("/")
        return Target(provider=provider, model=of_provider, weight=model.weights.get(text, 1))

    last, stream = model.last_resort or form.LastResort(), model.stream
    short = last.short_answer
    route = Route(
        name=name,
        targets=tuple(map(target, model.targets)),
        deadlines=compile_deadlines(model.deadlines or written.Deadlines()),
        drop_params=model.drop_params,
        opt_out=model.privacy is not None,
        zero_retention=model.privacy == "zero_retention",
        step_down=model.budget_step_down,
        strategy=model.strategy,
        classes={workload: tuple(map(target, targets)) for workload, targets in model.classes.items()},
        workload_class=model.workload_class,
        region=model.region,
        data_class=model.data_class,
        next_after=_seconds(model.next_after) if model.next_after else None,
        patience=_seconds(model.patience or 0),
        hedge_after=_seconds(model.hedge_after) if model.hedge_after else None,
        context_window=tuple(map(target, model.context_window)),
        short_answer=ShortAnswer(target=target(short.target), max_tokens=short.max_tokens, hint=short.hint)
        if short
        else None,
        stored_reply=last.reply,
        max_tokens=model.max_tokens,
        max_cost_picos=None if model.max_cost is None else picos_from_usd(model.max_cost),
        coalescing=Coalescing(max_wait=_seconds(stream.max_wait)) if stream and stream.coalesce == "sentence" else None,
        prompt_cache=model.prompt_cache == "auto",
        cache=_cache(model.cache) if model.cache else None,
        deferred=model.deferred == "on",
    )
    version = hashlib.sha256(msgspec.json.encode(route)).hexdigest()[:8]
    return msgspec.structs.replace(route, version=version)


def compile_routing(config: Config) -> Routing:
    """What holds for all routes; what operators put over them comes later."""
    written, breaker = config.resilience, config.resilience.breaker
    return Routing(
        tries=written.tries,
        retry_share=float(written.retry_share),
        keep_alive=_seconds(written.keep_alive),
        warm=written.warm,
        breaking=Breaking(
            failures=breaker.failures,
            share=float(breaker.share),
            pause=_seconds(breaker.pause),
            longest=_seconds(breaker.longest),
        ),
        workloads=tuple(
            WorkloadRule(workload=rule.workload, when=Condition(**rule.when.model_dump())) for rule in config.workloads
        ),
    )


def compile_deadlines(deadlines: written.Deadlines) -> Deadlines:
    """In seconds."""
    return Deadlines(
        connect=_seconds(deadlines.connect),
        first_byte=_seconds(deadlines.first_byte),
        idle=_seconds(deadlines.idle),
        total=_seconds(deadlines.total),
    )


def _cache(cache: form.ModelCache) -> CacheRule:
    return CacheRule(ttl=_seconds(cache.ttl), by_key=cache.share == "key", tags=cache.tags)


def _seconds(microseconds: int) -> float:
    return microseconds / 1_000_000
