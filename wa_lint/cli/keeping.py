"""``--history DB``: a run is added to its database. What this needs is imported when a database is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wa_lint.model import Report
from wa_lint.reporters.trend import TrendPage
from wa_lint.run.choice import Choice, Delivery
from wa_lint.run.earlier_runs import ledger_of


def demand_ledger(delivery: Delivery) -> None:
    """Raise `ConfigError` where the database cannot be written, before an hour is spent on what is to be kept in it."""
    file = ledger_of(delivery.history)
    if file is not None:
        from wa_lint.run.recorded import demand_usable  # noqa: PLC0415, as above

        demand_usable(file)


def kept(
    found: Report, settled: Report, choice: Choice, delivery: Delivery, command: str, paths: Sequence[Path] = ()
) -> TrendPage | None:
    """Add the run to the database and return the trend; None where no database is named, or no page shows it.

    `found`: everything, before anything was suppressed. `paths`: what was searched; none in an account.
    """
    file = ledger_of(delivery.history)
    if file is None:
        return None
    from wa_lint.run.recorded import RunToKeep, keep  # noqa: PLC0415, as above

    shows = any(text.partition("=")[0] == "html" for text in delivery.output)
    return keep(file, RunToKeep(found, settled, choice, command, delivery.now, paths), shows=shows)
