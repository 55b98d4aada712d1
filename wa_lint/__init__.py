"""Policy-as-code linting for machine learning workloads on AWS: the library.

`check` judges files, `scan` a live account, `load_rules` returns the rule book, and `assert_well_architected` is for
unit tests of templates. The command line, and everything else that drives wa-lint, calls the same code. Names that
are not in ``__all__`` are internal.

>>> import wa_lint
>>> report = wa_lint.check("infra/", severity="high")
>>> [finding.message for finding in report.findings if finding.outcome is wa_lint.Outcome.FAIL]
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from wa_lint.errors import ConfigError, RuleFileError, SourceError, WaLintError
from wa_lint.model import Evidence, Finding, Gap, Input, Location, Outcome, Report, Resource, RuleInfo, Severity
from wa_lint.version import VERSION

if TYPE_CHECKING:
    from wa_lint.rule import Rule
    from wa_lint.run.choice import Choice

__version__ = VERSION

__all__ = [
    "ConfigError",
    "Evidence",
    "Finding",
    "Gap",
    "Input",
    "Location",
    "Outcome",
    "Report",
    "Resource",
    "RuleFileError",
    "RuleInfo",
    "Severity",
    "SourceError",
    "WaLintError",
    "assert_well_architected",
    "check",
    "load_rules",
    "scan",
]

AnyPath: TypeAlias = str | PathLike[str]


def _silent(_line: str) -> None:
    """Tell nobody."""


def check(  # noqa: PLR0913, one for each option of the command
    paths: AnyPath | Sequence[AnyPath] = ".",
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    severity: str = "low",
    all_buckets: bool = False,
    rules: Sequence[AnyPath] = (),
    parameters: Sequence[str] = (),
    exclude: Sequence[str] = (),
    suppressions: Sequence[AnyPath] = (),
    inline_suppressions: bool = True,
    baseline: AnyPath | None = None,
    show_all: bool = False,
    jobs: int | None = 1,
    now: dt.datetime | None = None,
    workload: AnyPath | None = None,
    say: Callable[[str], None] = _silent,
) -> Report:
    """Judge templates, exports and snapshots, as ``wa-lint check`` does: files, or folders of them.

    No configuration file is read: the arguments are all that counts. They are those of the command's options, as
    ``parameters=["Stage=prod", "prod.json"]``. `show_all` also lists what passed or did not apply. A file that cannot
    be read, one of `rules` too, is an `Input` whose status is ``error``, and a line to `say`. Raise `ConfigError` for
    arguments that do not fit.
    """
    from wa_lint.run.check_files import Reading, judged_files  # noqa: PLC0415, importing wa_lint costs nothing
    from wa_lint.run.layers import Layers  # noqa: PLC0415, the same
    from wa_lint.run.settle import settled, today  # noqa: PLC0415, the same
    from wa_lint.suppress.apply import Settling  # noqa: PLC0415, the same

    given = tuple(map(Path, (paths,) if isinstance(paths, str | PathLike) else paths))
    reading = Reading(given, tuple(parameters), jobs, tuple(exclude), lists_all=show_all or bool(suppressions))
    choice = _chosen(select, ignore, severity, rules, all_buckets=all_buckets, workload=workload)
    settling = Settling(
        allow=tuple(map(Path, suppressions)),
        inline_suppressions=inline_suppressions,
        baseline=None if baseline is None else Path(baseline),
    )
    report, _ = judged_files(reading, choice, now, say)
    return _shown(settled(report, settling, choice, Layers(), today(now), say), show_all=show_all)


def scan(  # noqa: PLR0913, the same
    *,
    profile: str | None = None,
    regions: Sequence[str] = (),
    role_arns: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    severity: str = "low",
    all_buckets: bool = False,
    rules: Sequence[AnyPath] = (),
    show_all: bool = False,
    now: dt.datetime | None = None,
    workload: AnyPath | None = None,
    say: Callable[[str], None] = _silent,
) -> Report:
    """Read live accounts with read-only calls and judge them, as ``wa-lint scan`` does. It keeps them in memory.

    What AWS refuses is a `Gap` of the report with the action to grant, and a line to `say`. Raise `ConfigError` for
    arguments that do not fit, `SourceError` where no account can be entered at all.
    """
    from wa_lint.run.accounts import Account  # noqa: PLC0415, as in check; this one also brings boto3
    from wa_lint.run.layers import Layers  # noqa: PLC0415, the same
    from wa_lint.run.scan_accounts import scanned  # noqa: PLC0415, the same
    from wa_lint.run.settle import settled, today  # noqa: PLC0415, the same
    from wa_lint.suppress.apply import Settling  # noqa: PLC0415, the same

    account = Account(profile=profile, region=tuple(regions), role_arn=tuple(role_arns))
    choice = _chosen(select, ignore, severity, rules, all_buckets=all_buckets, workload=workload)
    report = scanned(account, choice, now, say)
    return _shown(settled(report, Settling(), choice, Layers(), today(now), say), show_all=show_all)


def _chosen(
    select: Sequence[str],
    ignore: Sequence[str],
    severity: str,
    rules: Sequence[AnyPath],
    *,
    all_buckets: bool,
    workload: AnyPath | None,
) -> Choice:
    from wa_lint.run.choice import Choice  # noqa: PLC0415, as in check

    return Choice(
        tuple(select),
        tuple(ignore),
        severity=severity,
        all_buckets=all_buckets,
        rules=tuple(map(Path, rules)),
        workload=None if workload is None else Path(workload),
    )


def load_rules(*folders: AnyPath) -> tuple[Rule, ...]:
    """Return the built-in rules and those of `folders`, by id. Raise `RuleFileError` at the first that is wrong."""
    from wa_lint import packs  # noqa: PLC0415, as in check

    return packs.load(tuple(map(Path, folders)))


def assert_well_architected(
    template: Mapping[str, object] | AnyPath,
    severity: str = "high",
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    parameters: Sequence[str] = (),
    rules: Sequence[AnyPath] = (),
) -> None:
    """Raise `AssertionError` with every finding of `severity` or above in a template; for unit tests.

    `template` is a file, or the template itself as a mapping: what ``Template.from_stack(stack).to_json()`` of the
    CDK's assertions gives. What cannot be decided does not fail; a template that cannot be read does.
    """
    from wa_lint.run.in_tests import failures_of  # noqa: PLC0415, as in check

    least = Severity(severity)
    found = failures_of(
        template, lambda path: check(path, select=select, ignore=ignore, parameters=parameters, rules=rules), least
    )
    if found:
        raise AssertionError("\n".join(found))


def _shown(report: Report, *, show_all: bool) -> Report:
    """Return the report with the findings that are shown: those that fail or are unknown, unless all are wanted."""
    import msgspec  # noqa: PLC0415, as in check

    if show_all:
        return report
    open_ = tuple(f for f in report.findings if f.outcome in {Outcome.FAIL, Outcome.UNKNOWN})
    return msgspec.structs.replace(report, findings=open_)
