"""Who works in a Studio domain, and with what: settings of users, shared roles, repositories that open there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wa_lint.cel.types import BOOL, DYN, STRING, Function, ListType
from wa_lint.facts.fact import Fact, cells_at, closed, gathered, head_of, seen, unseen, why_unlisted
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Unknown
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth

_S: Final = "AWS::SageMaker::"
_DOMAIN: Final = _S + "Domain"
_PROFILE: Final = _S + "UserProfile"
_SETTINGS: Final[Mapping[str, str]] = {_DOMAIN: "DefaultUserSettings", _PROFILE: "UserSettings"}
_FEW: Final = 2


def user_settings(home: Cell) -> list[Cell] | Partial:
    """Return the settings of users in the resource, as a list: a profile may have none of its own."""
    cells, reason = seen(cells_at(home, _SETTINGS[home.resource.type]))
    return gathered(cells, reason)


def shares_role(domain: Cell) -> Cell:
    """Return whether two user profiles of a domain run with one role, at the role that the domain gives them.

    Of a template only the profiles in it count; ABSENT where there are none.
    """
    default = domain.select("DefaultUserSettings").select("ExecutionRole")
    profiles, hidden = seen(closed(domain).select("user_profiles").items())
    roles, unknown = seen(_roles(profiles, default))
    known = [role.value for role in roles]
    if any(known.count(role) >= _FEW for role in known):
        return default.with_value(True)
    if hidden or unknown:
        return default.with_value(Unknown(hidden or unknown or ""))
    is_open = isinstance(domain.select("user_profiles").value, Unknown | Partial)
    return default.with_value(False if profiles else ABSENT).assuming((_ONLY_THESE,) if is_open else ())


_ONLY_THESE: Final = "the domain has no other user profile"


def _roles(profiles: Sequence[Cell], default: Cell) -> Iterator[Cell]:
    for profile in profiles:
        own = profile.select("UserSettings").select("ExecutionRole")
        yield default if own.value is ABSENT else own


# --- roles ------------------------------------------------------------------------------------------

_PURPOSES: Final[Mapping[str, Sequence[str]]] = {
    "people": ("notebooks", "domains", "user_profiles"),
    "serving": ("models", "endpoint_configs"),
    "jobs": ("training_jobs", "processing_jobs", "tuning_jobs", "automl_jobs"),
    "pipelines": ("pipelines",),
}
"""What a role is for -> the links from it to what uses it so."""


_USERS: Final = (
    "NotebookInstance",
    "Model",
    "EndpointConfig",
    "TrainingJob",
    "ProcessingJob",
    "HyperParameterTuningJob",
    "AutoMLJob",
    "Pipeline",
)


def purposes(role: Cell) -> list[str] | Unknown:
    """Return what SageMaker uses a role for; only what is in the template counts, or in the regions that were read.

    A role has no region: that others may use it elsewhere is no reason to doubt, that a listing failed is one.
    """
    home = closed(role)
    graph = home.world.graph
    types = (_DOMAIN, _PROFILE, *(_S + word for word in _USERS))
    failed = why_unlisted(home, types)
    elsewhere = {graph.why_incomplete(type_, home.resource) for type_ in types} if failed is None else set()
    found = []
    for purpose, links in _PURPOSES.items():
        users = [seen(home.select(link).items()) for link in links]
        if any(known for known, _ in users):
            found.append(purpose)
        elif hidden := next((reason for _, reason in users if reason not in (None, *elsewhere)), None):
            return Unknown(hidden)
    return found


# --- repositories -----------------------------------------------------------------------------------

_JUPYTER: Final = "JupyterLabAppSettings.CodeRepositories[].RepositoryUrl"

_URLS: Final[Mapping[str, Sequence[str]]] = {
    _S + "CodeRepository": ("GitConfig.RepositoryUrl",),
    _S + "NotebookInstance": ("DefaultCodeRepository", "AdditionalCodeRepositories[]"),
    **{type_: (f"{settings}.{_JUPYTER}",) for type_, settings in _SETTINGS.items()},
    _S + "Space": (f"SpaceSettings.{_JUPYTER}",),
}
"""Where a type names Git repositories."""


def repository_urls(home: Cell) -> list[Cell] | Partial:
    """Return the URLs, or names, of Git repositories in the resource, each at its place."""
    cells, reason = seen(cell for path in _URLS[home.resource.type] for cell in cells_at(home, path))
    return gathered(cells, reason)


def url_has_credentials(found: object) -> Truth:
    """Whether a URL has a password or a token before its host; the user ``git`` alone is no credential.

    What AWS fills in, the region or an attribute of a resource such as CodeCommit's CloneUrlHttp, holds none.
    """
    url = head_of(found)
    parts = parts_of(url)
    if not parts:
        return Unknown(unseen(url) or "not a URL")
    text = "".join(_filled(found, part) if isinstance(part, Hole) else part for part in parts)
    if _CREDENTIALS.match(text):
        return True
    is_open = _HOLE in text.partition("://")[2].partition("/")[0] or text.startswith(_HOLE)
    return Unknown(unseen(url) or "open") if is_open else False


def _filled(found: object, hole: Hole) -> str:
    """Return a word for what AWS fills in, and a NUL for what somebody else decides."""
    target = found.world.graph.named(hole.target) if isinstance(found, Cell) and hole.target else None
    is_awss = hole.name.startswith("AWS::") or (target is not None and target.type.startswith("AWS::"))
    return "x" if is_awss and "CustomResource" not in (target.type if target else "") else _HOLE


_HOLE: Final = "\0"
_CREDENTIALS: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]*://(?!git@)[^/?#]+@")
"""The authority of a URL is all before the first slash (RFC 3986, section 3.2)."""


# --- the table --------------------------------------------------------------------------------------

FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(
            type_,
            "",
            "user_settings",
            (),
            ListType(DYN),
            "The settings of users in it, as a list.",
            user_settings,
            items_at=(_DOMAIN, "DefaultUserSettings"),
        )
        for type_ in _SETTINGS
    ),
    Fact(
        _DOMAIN,
        "",
        "shares_role",
        (_PROFILE,),
        BOOL,
        "Whether two of its user profiles run with one role.",
        shares_role,
    ),
    Fact(
        "AWS::IAM::Role",
        "",
        "purposes",
        (_DOMAIN, _PROFILE, *(_S + word for word in _USERS)),
        ListType(STRING),
        "What SageMaker uses it for: people (notebooks, Studio), serving, jobs, pipelines.",
        purposes,
    ),
    *(
        Fact(type_, "", "repository_urls", (), ListType(STRING), "The Git repositories that it names.", repository_urls)
        for type_ in _URLS
    ),
)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("url_has_credentials", (STRING,), BOOL, url_has_credentials, raw=True),
)
