"""Whether a principal can act with the role of what runs already: a function, a notebook, an instance.

Who may change the code of every function acts with the role of each. Of those that a statement names, the role decides:
only the role of an administrator is reported, because a pipeline that deploys a function has to change its code.
"""

from __future__ import annotations

from collections.abc import Iterator

from wa_lint import policy
from wa_lint.facts.exposure.sinks import of_its_account, refers_to
from wa_lint.facts.fact import unseen
from wa_lint.facts.holding import Granted, GrantFault, Holding, holding_of, naming, own
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Unknown, Unresolved, Value
from wa_lint.policy.document import is_whole
from wa_lint.policy.escalation import SELF_GRANTING, Takeover, in_words, taken_over_by
from wa_lint.policy.wildcards import matches, parts_of
from wa_lint.references.table import IDENTITIES
from wa_lint.truth import Truth, every, some


def other_roles(holder: Holding) -> Iterator[GrantFault]:
    """Statements that let the holder act with the role of something that runs already.

    Of every resource of a kind a pattern for the whole service says nothing here: that has a finding of its own.
    """
    for one in own(holder):
        yield GrantFault(one.place, one.statement.hidden or False)
        for path, on_all, on_some in taken_over_by(one.statement, holder.principal):
            place = naming(one.place, path.first)
            if on_all is True or is_whole(one.statement.resources) is not False:
                is_said = on_all is True and policy.service_wildcard(place.value) is True
                truth = False if path.is_login or is_said else on_all
                yield GrantFault(place, truth, 1, _in_words(path, f"any {path.noun}", "and act with its role"))
            else:
                yield from _on_named(holder, one, path, on_some, place)


def _in_words(path: Takeover, what: str, end: str) -> str:
    return f"{in_words(path)}, it can {path.effect.format(what)} {end}"


def _on_named(holder: Holding, one: Granted, path: Takeover, truth: Truth, place: Cell) -> Iterator[GrantFault]:
    """Yield what a statement opens of the resources that it names: those with an administrator's role."""
    found = [target for target in _targets(one, path) if _is_named(one, target, path) is True]
    for target in found:
        administers, who = _administers(holder, target)
        words = _in_words(path, f"{path.noun} {target.resource.name or target.resource.id}", f"and act with {who}")
        yield GrantFault(place, every((truth, administers)), 2, words)
    if not found:
        noun = one.place.world.graph.snapshot.kind.noun
        missing = Unknown(f"with {path.first} it can {path.effect.format(f'a {path.noun}')} that is not in this {noun}")
        yield GrantFault(place, every((truth, missing)), 0)


def _targets(one: Granted, path: Takeover) -> Iterator[Cell]:
    if path.type:
        yield from of_its_account(one.place, path.type)


def _is_named(one: Granted, target: Cell, path: Takeover) -> Truth:
    """Whether a statement names the resource by a reference, or by a pattern of its ARN."""
    arn = _arn_of(target, path)
    answers = [refers_to(p, target.resource.id) or matches(p, arn) for p in one.statement.resources.patterns]
    return not some(answers) if one.statement.resources.excludes else some(answers)


def _arn_of(target: Cell, path: Takeover) -> Value:
    """Return the ARN of a resource, with holes for what is not known of it."""
    if target.resource.arn:
        return target.resource.arn
    id_ = target.resource.id
    said = target.select(IDENTITIES[target.resource.type].name) if target.resource.type in IDENTITIES else None
    name = (parts_of(said.value) if said else ()) or (Hole(id_, id_),)
    *before, last = path.shape.split("%")
    fields = [part for index, text in enumerate(before) for part in (text, Hole(f"part {index} of the ARN of {id_}"))]
    return Unresolved(f"the ARN of {id_}", (*fields[:-1], *name, *([last] if last else [])))


def _administers(holder: Holding, target: Cell) -> tuple[Truth, str]:
    """Whether the role of a resource is an administrator's, and no role of the holder; and how it is called."""
    role = target.select("execution_role")
    if role.value is ABSENT:
        return Unknown(f"the role of {target.resource.id} is not named"), ""
    if not isinstance(role.value, dict):
        reason = unseen(role.value) or "is not in this input"
        return Unknown(f"what the role of {target.resource.id} may do is not known: {reason}"), ""
    who = role.resource.name or role.resource.id
    if holder.id == role.resource.id:
        return False, who
    behind = holding_of(role)
    hidden = (Unknown(f"a policy of {who} is not known: {unseen(cell.value)}") for cell in behind.hidden)
    administers = some((*(behind.principal.may(action, shape) for action, shape in SELF_GRANTING), *hidden))
    return administers, f"role {who}, an administrator"
