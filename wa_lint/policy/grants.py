"""What a policy statement grants, in a form that can be kept and compared. Evaluates no condition."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final, TypeAlias

from wa_lint.model import ABSENT, Condition, Grant, Partial, Unknown, Unresolved, Value
from wa_lint.policy.document import listed
from wa_lint.policy.wildcards import covers_text

_ARN: Final = re.compile(r"arn:(?:aws|\$\{AWS::Partition\}):")
_ROOT: Final = re.compile(r"AWS:(?:arn:[\w-]+:iam::)?(?P<account>\d{12})(?::root)?")
_EXCLUDES: Final = re.compile(r"(?i)not")
_NAMES: Final = re.compile(r"(?i)(?:for(?:anyvalue|allvalues):)?(?:string|arn|(?:not)?ipaddress)")
"""Operators that list values, of which fewer are narrower; with Not in them, more are narrower."""

_MOST: Final = 20_000
"""Combinations of actions, resources and principals of one statement that are compared one by one."""


def grant_of(statement: Value) -> Grant | None:
    """Return what a statement with everything inside looked up grants; None for a Deny, and what is no statement."""
    if not isinstance(statement, dict) or statement.get("Effect") == "Deny":
        return None
    return Grant(
        actions=_sorted(statement.get("Action", ABSENT)),
        not_actions=_sorted(statement.get("NotAction", ABSENT)),
        resources=_sorted(statement.get("Resource", ABSENT)),
        not_resources=_sorted(statement.get("NotResource", ABSENT)),
        principals=_principals(statement.get("Principal", ABSENT)),
        not_principals=_principals(statement.get("NotPrincipal", ABSENT)),
        conditions=tuple(sorted(_conditions(statement.get("Condition", ABSENT)))),
    )


def beyond(grant: Grant, accepted: Sequence[Grant]) -> tuple[str, ...]:
    """Return what `grant` adds to what `accepted` grant together, in words; empty where it adds nothing."""
    fitting = [known for known in accepted if _is_as_narrow(grant, known)]
    sides = [[_reach(known, at) for at in range(3)] for known in fitting]
    atoms = [_atoms(_reach(grant, at)) for at in range(3)]
    if len(atoms[0]) * len(atoms[1]) * len(atoms[2]) > _MOST:
        sides = [side for side in sides if all(_holds(side[at], atom, at) for at in range(3) for atom in atoms[at])]
        return () if sides else _in_words(grant, accepted, atoms)
    seen: dict[tuple[int, int, _Reach], bool] = {}

    def holds(number: int, at: int, atom: _Reach) -> bool:
        key = (number, at, atom)
        if key not in seen:
            seen[key] = _holds(sides[number][at], atom, at)
        return seen[key]

    for combination in product(*atoms):
        if not any(all(holds(n, at, atom) for at, atom in enumerate(combination)) for n in range(len(sides))):
            return _in_words(grant, accepted, atoms)
    return ()


# --- reading ----------------------------------------------------------------------------------------


def _sorted(value: Value) -> tuple[str, ...]:
    return tuple(sorted({spelled(item) for item in listed(value)}))


def spelled(value: Value) -> str:
    """Return a text with its references spelled ``${Name}``; what is not known is said in parentheses."""
    if isinstance(value, Unresolved) and value.parts:
        text = "".join(part if isinstance(part, str) else _hole(part.name) for part in value.parts)
    elif isinstance(value, Unknown | Unresolved | Partial):
        text = f"(not known: {value.reason})"
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return _ARN.sub("arn:aws:", text, count=1)


def _hole(name: str) -> str:
    return name if name.startswith("${") else f"${{{name}}}"


def _principals(value: Value) -> tuple[str, ...]:
    if not isinstance(value, dict):
        return tuple("AWS:*" if text == "*" else text for text in _sorted(value))
    return tuple(sorted({f"{kind}:{spelled(item)}" for kind, items in value.items() for item in listed(items)}))


def _conditions(value: Value) -> Iterator[Condition]:
    if not isinstance(value, dict):
        yield from (Condition("", spelled(item)) for item in listed(value))
        return
    for operator, tests in value.items():
        if isinstance(tests, dict):
            yield from (Condition(str(operator), str(key), _sorted(values)) for key, values in tests.items())
        else:
            yield Condition(str(operator), spelled(tests))


# --- comparing --------------------------------------------------------------------------------------

_Reach: TypeAlias = tuple[bool, tuple[str, ...]]
"""Patterns, and whether they are what is left out."""


def _reach(grant: Grant, at: int) -> _Reach:
    """Return the actions, resources or principals (`at` 0, 1, 2). What names none leaves them open."""
    named, left_out = (
        (grant.actions, grant.not_actions),
        (grant.resources, grant.not_resources),
        (grant.principals, grant.not_principals),
    )[at]
    return (False, named) if named else (True, left_out)


def _atoms(reach: _Reach) -> Sequence[_Reach]:
    is_left_out, patterns = reach
    return [reach] if is_left_out else [(False, (pattern,)) for pattern in patterns]


def _holds(known: _Reach, atom: _Reach, at: int) -> bool:
    """Whether all that `atom` takes in is taken in by `known`."""
    covers = _COVERS[at]
    leaves_out, accepted = known
    is_left_out, patterns = atom
    if not leaves_out and is_left_out:
        return any(covers(pattern, "AWS:*" if covers is _covers_principal else "*") for pattern in accepted)
    if not leaves_out:
        return any(covers(pattern, patterns[0]) for pattern in accepted)
    if is_left_out:
        return all(any(covers(pattern, one) for pattern in patterns) for one in accepted)
    return not any(_may_meet(one, patterns[0], covers) for one in accepted)


def _may_meet(one: str, other: str, covers: Callable[[str, str], bool]) -> bool:
    """Whether two patterns may take in the same; where both are wild, their fixed beginnings decide."""
    if covers(one, other) or covers(other, one):
        return True
    heads = (re.split(r"[*?$]", one.lower())[0], re.split(r"[*?$]", other.lower())[0])
    is_wild = all(re.search(r"[*?$]", text) for text in (one, other))
    return is_wild and (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0]))


def _covers_action(pattern: str, text: str) -> bool:
    return covers_text(pattern.lower(), text.lower())


def _covers_principal(pattern: str, text: str) -> bool:
    if pattern == text or (pattern == "AWS:*" and text.startswith("AWS:")):
        return True
    account = _ROOT.fullmatch(pattern)
    same = _ROOT.fullmatch(text)
    if account is None:
        return False
    return same["account"] == account["account"] if same else f"::{account['account']}:" in text


_COVERS: Final[Sequence[Callable[[str, str], bool]]] = (_covers_action, covers_text, _covers_principal)


def _is_as_narrow(grant: Grant, known: Grant) -> bool:
    """Whether each condition of `known` still holds in `grant`."""
    return not _dropped(grant, known)


def _dropped(grant: Grant, known: Grant) -> list[Condition]:
    return [wanted for wanted in known.conditions if not any(_implies(one, wanted) for one in grant.conditions)]


def _implies(one: Condition, wanted: Condition) -> bool:
    if (one.operator.lower(), one.key.lower()) != (wanted.operator.lower(), wanted.key.lower()):
        return False
    if one.values == wanted.values:
        return True
    if not _NAMES.match(one.operator):
        return False
    if _EXCLUDES.search(one.operator):
        return set(one.values) >= set(wanted.values)
    return set(one.values) <= set(wanted.values)


# --- in words ---------------------------------------------------------------------------------------


def _in_words(grant: Grant, accepted: Sequence[Grant], atoms: Sequence[Sequence[_Reach]]) -> tuple[str, ...]:
    """Name the actions, resources or principals that nothing accepted takes in; else the condition that is gone."""
    for at, of_side in enumerate(atoms):
        added = [atom for atom in of_side if not any(_holds(_reach(known, at), atom, at) for known in accepted)]
        if added:
            return tuple(_said(atom, at) for atom in added)
    gone = [condition for known in accepted for condition in _dropped(grant, known)]
    if gone:
        return (f"without the condition {gone[0].operator} {gone[0].key}",)
    return tuple(_said(_reach(grant, at), at) for at in range(3) if _reach(grant, at)[1])


def _said(atom: _Reach, at: int) -> str:
    is_left_out, patterns = atom
    noun = ("action", "resource", "principal")[at]
    if is_left_out:
        return f"every {noun} except {', '.join(patterns)}" if patterns else f"any {noun}"
    return ", ".join(patterns) if at == 0 else f"{noun} {', '.join(patterns)}"
