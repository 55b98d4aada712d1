"""How politely an account is asked: the rate, the deadlines, the threads. It knows no AWS and calls nothing."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

CALLS_PER_SECOND: Final = 50.0
"""For each account, region and service. AWS publishes no quota for SageMaker's Describe calls; `standard` retries
absorb what is throttled, and botocore's `adaptive` mode is worse than none (measured 151 -> 8 calls/s)."""


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit (an account and region) may ask of AWS, and for how long."""

    max_rps: float = CALLS_PER_SECOND
    """Requests per second to each service, retries included."""
    call_seconds: float = 60.0
    """From the first attempt of a call to the end of its answer, waits for the rate not counted."""
    service_seconds: float = 3600.0
    """From the first call to a service; what is left then is a gap."""
    run_seconds: float = 7200.0
    """For the whole unit."""
    threads: int = 16
    window_days: int = 0
    """Jobs that were made in so many days before now; 0: as many as the table of collectors says."""


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
    """Holds a second's worth of tokens, each of which comes back a second after it was due.

    So no second sees more than `rate` calls. A bucket that refills while it is drained does not promise that: it lets
    twice its rate pass in the first second.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        size = max(1, int(rate))
        self._clock = clock
        self._due: deque[float] = deque(maxlen=size)
        self._window = size / rate + _JITTER
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next token; return the seconds until it is there."""
        with self._lock:
            now = self._clock()
            is_full = len(self._due) == self._due.maxlen
            due = max(now, self._due[0] + self._window) if is_full else now
            self._due.append(due)
            return due - now


_JITTER: Final = 0.02
"""Seconds by which one request may gain on another on its way."""


class Limits:
    """The token buckets of a unit, one for each service: account and region are the unit's."""

    def __init__(self, max_rps: float = CALLS_PER_SECOND) -> None:
        self._rate = max_rps
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = threading.Lock()

    def bucket(self, service: str) -> TokenBucket:
        with self._lock:
            return self._buckets.setdefault(service, TokenBucket(self._rate))
