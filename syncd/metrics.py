"""The pad's health as Prometheus metrics, for node_exporter's text files: no port is opened for them.

Base units, few labels, nothing about a person, a matter, a clerk or a level. What is not known has no
sample; alerts and dashboard (``config/monitoring``) go by these names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from syncd.guards import Guard, Machine
from syncd.health import ClockSeen, Health, Line, Stored
from syncd.kiosk_state import DOWN, STATES, UNKNOWN, KioskSeen

KIOSK_STATES: Final = (*STATES, DOWN, UNKNOWN)


def exposition(health: Health) -> bytes:
    """The text of a metrics file."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(health))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        health = self._health
        yield InfoMetricFamily(
            "pad_build", "Versions of the programs and of what they show.", value=_labels(health)
        )
        yield _gauge("pad_syncd_start_time_seconds", "When syncd started.", health.started.timestamp())
        yield _gauge(
            "pad_metrics_written_timestamp_seconds",
            "When this file was written, by the best clock the pad has.",
            health.clock.now.timestamp(),
        )
        if health.stored is not None:
            yield from _stored(health.stored)
        yield from _line(health.line)
        yield from _clock(health.clock)
        yield from _machine(health.machine, health.warned)
        yield from _kiosk(health.kiosk)
        if health.housekept is not None:
            yield _gauge(
                "pad_housekeeping_timestamp_seconds",
                "When housekeeping was last done.",
                health.housekept.timestamp(),
            )
        yield _gauge(
            "pad_catalogue_refused",
            "Whether the indicator list the platform gave last cannot be used.",
            health.catalogue_refused,
        )
        yield _gauge("pad_ledger_readable", "Whether syncd can read the ledger.", health.stored is not None)


def _labels(health: Health) -> dict[str, str]:
    names = ("pad", "kiosk", "profile", "python", "ledger", "indicators", "bulletin")
    return {name: health.versions.get(name, "") for name in names}


def _stored(stored: Stored) -> Iterator[Metric]:
    yield _counter("pad_ratings_stored", "Ratings ever stored on this pad.", stored.head_seq)
    yield _counter("pad_ratings_acknowledged", "Ratings the platform has acknowledged.", stored.acknowledged)
    yield _gauge("pad_ratings_pending", "Ratings that wait to be delivered.", stored.pending)
    yield _gauge("pad_ratings_refused", "Ratings the platform refused for what they say.", stored.refused)
    if stored.pending == 0 or stored.oldest_pending_s is not None:
        yield _gauge(
            "pad_oldest_pending_seconds",
            "How long the oldest undelivered rating has waited; 0 if none waits.",
            stored.oldest_pending_s or 0.0,
        )
    if stored.acknowledged_at is not None:
        yield _gauge(
            "pad_last_acknowledged_timestamp_seconds",
            "When the newest delivered rating was acknowledged.",
            stored.acknowledged_at.timestamp(),
        )
    yield _by_label("pad_flags", "Suspicious patterns marked in the ledger.", "kind", stored.flags)
    yield _by_label(
        "pad_alerts_waiting", "Bad ratings a target has yet to be told.", "target", stored.alerts_waiting
    )


def _line(line: Line) -> Iterator[Metric]:
    yield _gauge("pad_line_up", "Whether the platform answered the last attempt.", line.is_up)
    yield _counter("pad_delivery_attempts", "Requests that carried ratings, since start.", line.attempts)
    failures = CounterMetricFamily(
        "pad_delivery_failures", "Of them, such as settled nothing, by reason.", labels=["reason"]
    )
    for reason, count in line.failures.items():
        failures.add_metric([reason.value], count)
    yield failures
    if line.heartbeat_ok is not None:
        yield _gauge("pad_heartbeat_ok", "Whether the last heartbeat was taken.", line.heartbeat_ok)
    if line.hears_phones is not None:
        yield _gauge("pad_phone_news_ok", "Whether the platform tells what phones rated.", line.hears_phones)


def _clock(clock: ClockSeen) -> Iterator[Metric]:
    yield _gauge(
        "pad_clock_trusted", "Whether NTP, the platform or a technician told the time.", clock.is_known
    )
    if clock.behind_s is not None:
        yield _gauge(
            "pad_clock_offset_seconds",
            "True time, as the platform told it, minus the wall clock.",
            clock.behind_s,
        )


def _machine(machine: Machine, warned: frozenset[Guard]) -> Iterator[Metric]:
    for name, text, value in (
        ("pad_disk_free_bytes", "Room on the ledger's disk.", machine.disk_free),
        ("pad_disk_size_bytes", "Size of the ledger's disk.", machine.disk_size),
        ("pad_disk_files_free", "Files that the ledger's disk can still hold.", machine.inodes_free),
        ("pad_ledger_bytes", "Size of the ledger with its log.", machine.ledger),
        ("pad_temperature_celsius", "The hottest place in the machine.", machine.temperature_c),
    ):
        if value is not None:
            yield _gauge(name, text, value)
    yield _gauge("pad_uptime_seconds", "How long the machine has been up.", machine.uptime_s)
    guards = {guard.value: int(guard in warned) for guard in Guard}
    yield _by_label("pad_guard_warning", "Whether a guard of the machine warns.", "guard", guards)


def _kiosk(kiosk: KioskSeen) -> Iterator[Metric]:
    states = {state: int(state == kiosk.state) for state in KIOSK_STATES}
    yield _by_label("pad_kiosk_state", "1 for the state the kiosk is in.", "state", states)
    found = {name: int(each.state == "found") for name, each in kiosk.devices.items()}
    yield _by_label("pad_device_found", "Whether a configured device is there and answers.", "device", found)
    errors = CounterMetricFamily(
        "pad_device_errors", "Errors of a device since the kiosk's start.", labels=["device"]
    )
    for name, each in kiosk.devices.items():
        errors.add_metric([name], each.errors)
    yield errors


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    """``_total`` is added to its name."""
    return CounterMetricFamily(name, text, value=float(value))


def _by_label(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family
