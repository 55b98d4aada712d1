"""Asks for everything that the listings only name, many types at once. It lists nothing and shapes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import aws
from wa_lint.model import Raw
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live import unreferenced as naming
from wa_lint.sources.live.api_response import Item, ResponsePlace, filled, told
from wa_lint.sources.live.collector import ApiCall, Collector
from wa_lint.sources.live.listing import Listing, Refused, Run, ask, in_turns, is_gone, is_none, request_of


class Description(msgspec.Struct, frozen=True):
    """One item with all its answers. `refused`: property (or "" for all) -> the refused call."""

    item: Item
    refused: Mapping[str, Refused] = {}


class _Task(msgspec.Struct, frozen=True, eq=False):
    collector: Collector
    item: Item
    call: ApiCall


def describe_all(
    run: Run,
    collectors: Sequence[Collector],
    listings: Mapping[str, Listing],
    known: Mapping[str, list[Description]],
) -> dict[str, list[Description]]:
    """Return what each type's items are, all types at once but those that wait to be named by others.

    `known`: type -> what need not be requested, but may name others.
    """
    asked = [c for c in collectors if c.type not in known]
    found = dict(known) | _described(run, [(c, listings[c.type]) for c in asked if not c.named_by])

    def describe(collector: Collector, listing: Listing) -> list[Description]:
        if collector.type not in found:
            found.update(_described(run, [(collector, listing)]))
        return found[collector.type]

    return naming.in_order(collectors, {**listings, **dict.fromkeys(known, Listing())}, run.place, describe)


def _described(run: Run, wanted: Sequence[tuple[Collector, Listing]]) -> dict[str, list[Description]]:
    items = {c.type: [i for i in listing.items if not c.needs or i.get(c.needs) is not None] for c, listing in wanted}
    tasks = [_Task(c, item, call) for c, _ in wanted for item in items[c.type] for call in c.describe]
    order = in_turns(run, range(len(tasks)), lambda n: (tasks[n].collector.service, tasks[n].call.operation))
    answers = dict(zip(order, run.map("describe", lambda n: _answer(run, tasks[n]), order), strict=True))
    ordered = iter([answers[n] for n in range(len(tasks))])
    found = {
        c.type: [_merged(c, item, [next(ordered) for _ in c.describe], run.place) for item in items[c.type]]
        for c, _ in wanted
    }
    return {type_: [one for one in several if one is not None] for type_, several in found.items()}


def _answer(run: Run, task: _Task) -> Raw | aws.Refusal:
    collector, item, call = task.collector, task.item, task.call
    if call.unless and item.get(call.unless) is not None:
        return {}
    request = request_of(call, item, run.place)
    if request is None:
        return aws.Refusal(aws.NOT_AN_ANSWER, "the listing returned no name to ask for")
    answer = ask(run, collector, call, request)
    if isinstance(answer, aws.Refusal):
        return {} if is_none(call, answer) else answer
    if not call.fills and not call.items and not _says_anything(answer.get(call.within) if call.within else answer):
        return aws.Refusal(aws.NOT_AN_ANSWER, "the response is empty")  # it would prove that nothing is set
    return _continued(run, collector, call, request, answer) if call.continued else answer


def _says_anything(answer: Raw) -> bool:
    members = answer if isinstance(answer, dict) else {}
    return any(value is not None for name, value in members.items() if name != "ResponseMetadata")


def _continued(
    run: Run, collector: Collector, call: ApiCall, request: dict[str, Raw], answer: Raw
) -> Raw | aws.Refusal:
    """Return `answer` with the rest of its list, page by page."""
    whole, token, seen = dict(answer), answer.get("NextToken"), set[Raw]()
    while token:
        seen.add(token)
        page = run.clients.ask(collector.service, call.operation, request | {"NextToken": token})
        if isinstance(page, aws.Refusal):
            return page
        if page.get("NextToken") in seen:
            return aws.Refusal(aws.NOT_AN_ANSWER, "the description returned the same token twice")
        whole[call.continued] = [*(whole.get(call.continued) or ()), *(page.get(call.continued) or ())]
        token = page.get("NextToken")
    whole.pop("NextToken", None)
    return whole


def _merged(
    collector: Collector, item: Item, answers: Sequence[Raw | aws.Refusal], place: ResponsePlace
) -> Description | None:
    """Return the item with its answers; None where it is gone."""
    whole = dict(item)
    refused: dict[str, Refused] = {}
    for call, answer in zip(collector.describe, answers, strict=True):
        if isinstance(answer, aws.Refusal):
            if is_gone(answer, collector.service):
                if not _is_foreign(collector, item, place):
                    return None
                answer = aws.Refusal(_NOT_TOLD, answer.message)  # noqa: PLW2901, it means something else than it says
            why = Refused(plan.operation_of(collector, call), answer)
            refused |= dict.fromkeys(call.fills or ("",), why)
        else:
            whole |= told(call, answer)
    return Description(whole, refused)


_NOT_TOLD: Final = "not told outside of its own account"


def _is_foreign(collector: Collector, item: Item, place: ResponsePlace) -> bool:
    """Whether it is another account's, as an organization's trail: who lists it may get "not found" for it."""
    owner = (filled(collector.arn, item, place) or "").split(":")[4:5]
    return bool(owner) and owner[0].isdigit() and owner[0] != place.account
