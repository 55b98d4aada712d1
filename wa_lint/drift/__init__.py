"""What an account has become since its templates were deployed: extra, missing and differing resources. Reads nothing.

Of the properties that differ only those count that a verdict rests on: the evidence of the rules names them. What a
template leaves open, or what could not be read in the account, is no difference: it is said as not compared, with the
reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wa_lint import schema
from wa_lint.drift.differing import PropertyDrift, property_drift
from wa_lint.drift.partners import Pairing, Partners, paired_resources
from wa_lint.drift.resting import RestingPlaces, fields_read
from wa_lint.drift.verdicts import VerdictDrift, gravest_verdicts, verdict_drift
from wa_lint.drift.written import WrittenTemplate
from wa_lint.model import Report, Resource, Scope, Snapshot, Value
from wa_lint.rule import Rule
from wa_lint.type_names import is_ml

__all__ = [
    "Drift",
    "DriftOptions",
    "DriftOutcome",
    "DriftSide",
    "DriftedResource",
    "ExtraResource",
    "NotComparable",
    "PropertyDrift",
    "VerdictDrift",
    "drift",
    "options_for",
]


class DriftSide(msgspec.Struct, frozen=True, eq=False):
    """The templates, or the account."""

    snapshot: Snapshot
    report: Report
    """Of all rules that were chosen, what passes listed too."""


class DriftOptions(msgspec.Struct, frozen=True):
    """What counts."""

    stacks: tuple[str, ...] = ()
    """Those that the templates made; empty: the one whose tags fit."""
    whole_account: bool = False
    """Whether what no stack made is extra whatever its type is, and not only where it is of machine learning."""
    defaults: Mapping[str, Mapping[str, Value]] = {}
    """By type and path: what AWS does when a request omits the property, as rules document it."""
    reads: Mapping[str, frozenset[str]] = {}
    """By rule: the names of the properties that it reads."""
    passing: frozenset[str] = frozenset()
    """Types of which an account lists only the youngest."""


class ExtraResource(msgspec.Struct, frozen=True, eq=False):
    """A resource of the account that no template makes."""

    resource: Resource
    because: str


class DriftedResource(msgspec.Struct, frozen=True, eq=False):
    """A resource that both have, and that is not the same."""

    written: Resource
    found: Resource
    by: str
    """tag | name: how they were paired."""
    properties: tuple[PropertyDrift, ...]
    verdicts: tuple[VerdictDrift, ...]


class NotComparable(msgspec.Struct, frozen=True, order=True):
    """Something of a template that cannot be compared, and why."""

    resource: str
    type: str
    path: str
    """Empty: the resource as a whole."""
    reason: str


class Drift(msgspec.Struct, frozen=True, eq=False):
    """All that differs."""

    differing: tuple[DriftedResource, ...]
    missing: tuple[Resource, ...]
    """In a template, and not in the account."""
    extra: tuple[ExtraResource, ...]
    not_compared: tuple[NotComparable, ...]
    same: int
    """Pairs that do not differ in what a verdict rests on."""
    others: int
    """Resources of the account that are the business of no template here."""
    minor: int
    """Properties that differ, and that no verdict rests on."""

    @property
    def is_any(self) -> bool:
        return bool(self.differing or self.missing or self.extra)


class DriftOutcome(msgspec.Struct, frozen=True, eq=False):
    """What came of it."""

    drift: Drift
    templates: tuple[str, ...]
    """Their uris."""
    account: str
    """``123456789012/eu-west-1``"""
    stacks: tuple[str, ...]


def options_for(rules: Iterable[Rule], stacks: tuple[str, ...], *, whole_account: bool = False) -> DriftOptions:
    """Return the options, with what the rules say of the properties that they read."""
    defaults: dict[str, dict[str, Value]] = defaultdict(dict)
    reads = {}
    for rule in rules:
        reads[rule.info.id] = fields_read(rule)
        for type_ in rule.info.applies_to:
            defaults[type_].update(rule.defaults)
    return DriftOptions(stacks, whole_account, defaults, reads)


def drift(templates: DriftSide, account: DriftSide, options: DriftOptions) -> Drift:
    """Return how the account differs from the templates.

    Raise `ConfigError` where the tags fit several stacks and none is named.
    """
    return _Comparison(templates, account, options).drift()


_MANAGED: Final = (":iam::aws:", "/aws-service-role/", "/aws-reserved/")
"""Parts of ARNs of what AWS keeps in an account itself."""


class _Comparison:
    """One comparison under way."""

    def __init__(self, templates: DriftSide, account: DriftSide, options: DriftOptions) -> None:
        self.templates, self.account, self.options = templates, account, options
        self.written = WrittenTemplate(templates.snapshot)
        self.pairing: Pairing = paired_resources(self.written, account.snapshot, options.stacks)
        reports = (templates.report, account.report)
        self.places = RestingPlaces(reports, self.pairing.pairs, options.reads)
        self.verdicts = gravest_verdicts(templates.report), gravest_verdicts(account.report)
        self.rules = {rule.id: rule for rule in templates.report.rules}
        self.not_compared: list[NotComparable] = []
        self.minor = 0

    def drift(self) -> Drift:
        compared = [self._compared(pair) for pair in self.pairing.pairs]
        missing = [resource for resource in self.pairing.left if self._is_missing(resource)]
        extra = [one for resource in self.pairing.added if (one := self._extra(resource))]
        differing_ = [one for one in compared if one.properties or one.verdicts]
        return Drift(
            differing=tuple(differing_),
            missing=tuple(missing),
            extra=tuple(extra),
            not_compared=tuple(sorted(set(self.not_compared))),
            same=len(compared) - len(differing_),
            others=len(self.pairing.added) - len(extra),
            minor=self.minor,
        )

    # --- both have it -------------------------------------------------------------------------------

    def _compared(self, pair: Partners) -> DriftedResource:
        told = property_drift(self.written, pair, self.options.defaults.get(pair.written.type, {}))
        properties: list[PropertyDrift] = []
        for one in told:
            rules = self.places.rules(pair, one.names)
            if one.reason and rules:
                self._note(pair.written, one.path, one.reason)
            elif rules:
                properties.append(msgspec.structs.replace(one, rules=rules))
            else:
                self.minor += not one.reason
        verdicts = []
        for verdict in verdict_drift(pair, *self.verdicts, self.rules):
            if verdict.reason:
                self._note(pair.written, "", f"{verdict.rule.id}: {verdict.reason}")
            else:
                verdicts.append(verdict)
        return DriftedResource(pair.written, pair.found, pair.by, tuple(properties), tuple(verdicts))

    def _note(self, resource: Resource, path: str, reason: str) -> None:
        self.not_compared.append(NotComparable(resource.id, resource.type, path, reason))

    # --- only a template has it ---------------------------------------------------------------------

    def _is_missing(self, resource: Resource) -> bool:
        """Whether the account surely lacks it; else note why that cannot be said."""
        exists = self.written.exists(resource)
        if exists is False or self.written.is_folded(resource):
            return False
        reason = exists if isinstance(exists, str) else self._why_unsure(resource)
        if reason is not None:
            self._note(resource, "", reason)
        return reason is None

    def _why_unsure(self, resource: Resource) -> str | None:
        """Return why a resource that has no partner may be in the account all the same."""
        if resource.type in self.options.passing:
            return "only the newest are listed"
        scopes = [Scope(resource.type, account, region) for account, region in self.pairing.places]
        complete = self.account.snapshot.complete
        if not any(_covers(known, scope) for known in complete for scope in scopes):
            gap = next((g for g in self.account.snapshot.gaps if any(_covers(g.scope, s) for s in scopes)), None)
            return gap.reason if gap else f"{resource.type} was not listed in full in the account"
        candidates = [one for one in self.pairing.added if one.type == resource.type and not one.made_by]
        if not candidates or resource.id in self.pairing.told:
            return None
        return "neither a tag nor a known name identifies it in the account"

    # --- only the account has it --------------------------------------------------------------------

    def _extra(self, resource: Resource) -> ExtraResource | None:
        stack = (resource.made_by or "").partition("/")[0]
        if stack:
            because = f"the stack {stack} created it, and its template does not contain it"
            return ExtraResource(resource, because) if stack in self.pairing.stacks else None
        if not self._may_be_extra(resource):
            return None
        if any(left.type == resource.type and left.id not in self.pairing.told for left in self.pairing.left):
            return None  # it may be the one that could not be paired, which is said of that
        return ExtraResource(resource, "no template contains it, and no tag names a stack")

    def _may_be_extra(self, resource: Resource) -> bool:
        is_of_user = not any(part in (resource.arn or resource.id) for part in _MANAGED)
        is_made = schema.known(resource.type) and not schema.is_request(resource.type)
        return is_of_user and is_made and (is_ml(resource.type) or self.options.whole_account)


def _covers(known: Scope, scope: Scope) -> bool:
    """Whether a listing, of all accounts or regions where it names none, is one in which `scope` is."""
    is_there = known.account in {None, scope.account} and known.region in {None, scope.region}
    return is_there and known.type in {scope.type, "AWS::*"}
