"""Metrics for Prometheus: counts, ages and states; never content, names or chats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.health.readiness import Health
from bot.model import Severity
from bot.outgoing import EffectStatus
from bot.store.inbox import Waiting
from bot.store.leases import EVERY_LANE
from bot.store.metric_queries import EXPOSURE_BOUNDS, VisibleTimes

RECENT = timedelta(hours=1)


async def metrics(health: Health) -> bytes:
    """Return all metrics in Prometheus' text format."""
    store = health.store
    now = store.db.now()
    families = [
        *_lanes(await store.inbox.waiting(), now),
        _counter("shoukou_cases", "Verdicts that opened a case.", "severity", await _cases(health)),
        _gauge(
            "shoukou_updates_last_hour",
            "Updates received in the last hour by result.",
            "result",
            await store.inbox.counts(now - RECENT),
        ),
        _gauge("shoukou_effects", "Acts on the platform by state.", "state", await _states(health)),
        _exposure(await store.metric_queries.exposure()),
    ]
    if health.shared:
        families += [
            GaugeMetricFamily(
                "shoukou_workers", "Workers that are alive.", value=await store.leases.alive()
            ),
            GaugeMetricFamily(
                "shoukou_lanes_without_worker",
                "Lanes that no process works on now.",
                value=await store.leases.free(EVERY_LANE),
            ),
        ]
    if health.polls:
        last_answer = await health.last_answer_at()
        at = last_answer.timestamp() if last_answer else 0.0

        families.append(
            GaugeMetricFamily(
                "shoukou_last_poll_timestamp_seconds", "When the platform last answered.", value=at
            )
        )
    registry = CollectorRegistry()
    registry.register(_Ready(families))
    return generate_latest(registry)


class _Ready(Collector):
    """Returns metrics that were gathered before, because a collector cannot await a query."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def _cases(health: Health) -> dict[str, int]:
    return dict.fromkeys((s.label for s in Severity), 0) | await health.store.metric_queries.cases()


async def _states(health: Health) -> dict[str, int]:
    return (
        dict.fromkeys((str(s) for s in EffectStatus), 0)
        | await health.store.metric_queries.effects()
    )


def _lanes(lanes: Mapping[str, Waiting], now: datetime) -> list[Metric]:
    ages = {
        name: (now - lane.oldest).total_seconds() if lane.oldest else 0.0
        for name, lane in lanes.items()
    }
    depths = {name: lane.depth for name, lane in lanes.items()}
    return [
        _gauge("shoukou_lane_depth", "Updates that are not decided yet.", "lane", depths),
        _gauge("shoukou_lane_age_seconds", "Age of the oldest undecided update.", "lane", ages),
    ]


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counter(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _exposure(exposure: VisibleTimes) -> Metric:
    family = HistogramMetricFamily(
        "shoukou_exposure_seconds", "Time from a message's sending to its removal."
    )
    bounds = [str(float(bound)) for bound in EXPOSURE_BOUNDS]
    buckets = [*zip(bounds, exposure.within, strict=True), ("+Inf", exposure.count)]
    family.add_metric([], buckets, sum_value=exposure.seconds)
    return family
