"""How fast an account is called: the rate, the deadlines, the threads. It knows no AWS and calls nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

CALLS_PER_SECOND: Final = 50.0
"""For each account, region and service of which the collector table names no quota: AWS publishes none for SageMaker's
Describe calls. botocore's `adaptive` mode is worse than none (measured 151 -> 8 calls/s)."""

_SHARE: Final = 0.9
"""Of a quota: it is the account's, and a deployment wants to go on."""


class Quota(msgspec.Struct, frozen=True):
    """Requests per second that AWS takes. What has the same key counts together."""

    key: str
    rate: float = 0.0
    """0: none is known."""
    burst: float = 0.0
    """Requests that may come at once; 0: those of a second."""


QuotasOf = Callable[[str, str], Sequence[Quota]]
"""Service and operation -> all that a call counts for."""


TRAFFIC_DAYS: Final = 14
"""Two weekends. CloudWatch keeps hourly values for 455 days (API reference, GetMetricStatistics), and bills a series by
the request, however long it is (pricing page: GetMetricData, seen 2026-11)."""

MOST_TRAFFIC_DAYS: Final = 90
"""A quarter, which is also what daily values are read for: our choice."""


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit (an account and region) may ask of AWS, and for how long."""

    max_rps: float = CALLS_PER_SECOND
    """Requests per second to each service, retries included, and no more than nine tenths of the quotas that are known.
    More than `CALLS_PER_SECOND` stands for quotas that AWS has raised: it raises all of them in proportion."""
    call_seconds: float = 60.0
    """From the first attempt of a call to the end of its answer, waits for the rate not counted."""
    service_seconds: float = 3600.0
    """From the first call to a service; what is left then is a gap."""
    run_seconds: float = 7200.0
    """For the whole unit."""
    threads: int = 16
    traffic_days: int = TRAFFIC_DAYS
    """Days of hourly metrics to read from CloudWatch."""
    window_days: int = 0
    """Jobs that were made in so many days before now; 0: as many as the table of collectors says."""


PAGE_SIZES: Final = ("MaxResults", "maxResults", "MaxItems", "MaxRecords", "MaxBuckets", "PageSize", "Limit", "limit")
"""How the services call the size of a page."""

INTERRUPTED: Final = "interrupted"
DEADLINE: Final = "deadline"

_GRACE: Final = 3.0
"""Seconds that a running call has to end once it should have, before it is left to itself; no more than it may take."""


class Watch:
    """Says when to ask no more: somebody pressed Ctrl-C, or the time of the service or of the unit is up."""

    def __init__(
        self, manners: Manners, stop: threading.Event | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.manners, self.clock = manners, clock
        self._stop = stop or threading.Event()
        self._stopped_at: float | None = None
        self._end = clock() + manners.run_seconds
        self._ends: dict[str, float] = {}

    def why_not(self, service: str) -> str | None:
        """Return why no call to `service` may begin: ``interrupted``, ``deadline``, or None where one may."""
        if self._stop.is_set():
            return INTERRUPTED
        return DEADLINE if self.left(service) <= 0 else None

    def left(self, service: str | None) -> float:
        """Return the seconds until the deadline, negative behind it; None: the unit's.

        A service's time runs from when it is first asked about.
        """
        now = self.clock()
        own = self._ends.setdefault(service, now + self.manners.service_seconds) if service else self._end
        return min(own, self._end) - now

    def wait(self, seconds: float, service: str) -> None:
        """Wait until a call to `service` may begin, or never may."""
        self._stop.wait(min(seconds, max(0.0, self.left(service))))

    def why_leave(self, service: str | None, since: float | None) -> str | None:
        """Return why a call is waited for no longer that has been running since `since`; None: it did not begin."""
        now, patience = self.clock(), self.manners.call_seconds
        grace = min(_GRACE, patience)
        if self._stop.is_set():
            self._stopped_at = self._stopped_at or now
            return INTERRUPTED if now - self._stopped_at > grace else None
        is_slow = since is not None and now - since > patience + grace
        return DEADLINE if is_slow or self.left(service) < -grace else None


class TokenBucket:
    """Holds `burst` tokens (0: a second's worth), which all come back in the time that the rate has for them.

    So no second sees more than `rate` calls, or no stretch of ``burst / rate`` seconds more than `burst`. A bucket that
    refills while it is drained does not promise that: it lets twice its rate pass in the first second.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic, burst: float = 0.0) -> None:
        size = max(1, int(burst or rate))
        self._clock = clock
        self._due: deque[float] = deque(maxlen=size)
        self._window = size / rate + _JITTER
        self._slowness, self._changed_at = 1.0, -_CALM
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next token; return the seconds until it is there."""
        with self._lock:
            now = self._clock()
            if self._slowness > 1 and now - self._changed_at > _CALM:
                self._slowness, self._changed_at = self._slowness / 2, now
            is_full = len(self._due) == self._due.maxlen
            due = max(now, self._due[0] + self._window * self._slowness) if is_full else now
            self._due.append(due)
            return due - now

    def slow(self) -> None:
        """Halve the rate: AWS says that it is too high. Each `_CALM` seconds without such a word double it again.

        Many calls that are on their way hear the same word: they count once in a second.
        """
        with self._lock:
            now = self._clock()
            if self._slowness == 1 or now - self._changed_at > 1:
                self._slowness, self._changed_at = min(self._slowness * 2, _SLOWEST), now


_JITTER: Final = 0.02
"""Seconds by which one request may gain on another on its way."""

_CALM: Final = 10.0

_SLOWEST: Final = 32.0


def _no_quotas(service: str, operation: str) -> Sequence[Quota]:
    del operation
    return (Quota(service),)


class Limits:
    """The token buckets of a unit, which all its threads share: account and region are the unit's."""

    def __init__(self, max_rps: float = CALLS_PER_SECOND, quotas_of: QuotasOf = _no_quotas) -> None:
        self._most, self._quotas_of = max_rps, quotas_of
        self._raised = max(1.0, max_rps / CALLS_PER_SECOND)
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = threading.Lock()

    def reserve(self, service: str, operation: str) -> float:
        """Take a token of each bucket that the call counts for; return the seconds until all are there."""
        return max(bucket.reserve() for bucket in self._of(service, operation))

    def slow(self, service: str, operation: str) -> None:
        """Ask more slowly for a while what the call counts for."""
        for bucket in self._of(service, operation):
            bucket.slow()

    def starts(self, calls: Iterable[tuple[str, str]]) -> Iterator[float]:
        """Yield for each call, service and operation, the seconds from the first one until its rates let it begin.

        What may come at once is not looked at: it is a longer wait than there will be.
        """
        before: Counter[str] = Counter()
        for call in calls:
            quotas = self._quotas_of(*call)
            yield max(before[quota.key] / self._rate(quota) for quota in quotas)
            before.update(quota.key for quota in quotas)

    def _of(self, service: str, operation: str) -> list[TokenBucket]:
        return [self._bucket(quota) for quota in self._quotas_of(service, operation)]

    def _bucket(self, quota: Quota) -> TokenBucket:
        with self._lock:
            if quota.key not in self._buckets:
                self._buckets[quota.key] = TokenBucket(self._rate(quota), burst=self._burst(quota))
            return self._buckets[quota.key]

    def _rate(self, quota: Quota) -> float:
        return min(self._most, quota.rate * self._raised * _SHARE) if quota.rate else self._most

    def _burst(self, quota: Quota) -> float:
        return min(quota.burst * _SHARE, quota.burst / quota.rate * self._rate(quota)) if quota.burst else 0.0
