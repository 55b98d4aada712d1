"""The words of the collector table: what a collector, a call and a metric say. Nouns only.

The table itself is the files of `wa_lint/data/collectors/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec


class ListingReach(Enum):
    REGIONAL = "regional"
    GLOBAL = "global"


class ApiCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One read-only API operation, and what its answer is good for."""

    operation: str
    """As botocore's service model names it: ``DescribeEndpoint``."""
    request: Mapping[str, str] = {}
    """Parameter -> member of the item (for a listing: of the parent's item) that feeds it."""
    fixed: Mapping[str, object] = {}
    """Parameters with a constant value; ``{region}`` and ``{account}`` stand for those that are read."""
    items: str = ""
    """A list in the answer, ``Endpoints``: a listing's items, or what a description in several pages adds `into` the
    item. Empty: the answer is the one item."""
    item_name: str = ""
    """The member that an item becomes which is a text alone: ``TableName``."""
    within: str = ""
    """The member of a describing answer that holds the item, ``KeyMetadata``; empty: the answer itself."""
    into: str = ""
    """The property that the whole answer (or its `items`) becomes; empty: its members join the item."""
    fills: tuple[str, ...] = ()
    """CloudFormation properties that only this call knows: Unknown where it is refused. Empty: all of them."""
    always: tuple[str, ...] = ()
    """Members that every answer has: Unknown where one has not."""
    optional: Mapping[str, str] = {}
    """As `request`, but sent only where the item has the member."""
    echoes: tuple[str, ...] = ()
    """Members of the answer that repeat the question in other words: left out."""
    not_configured: tuple[str, ...] = ()
    """Error codes that mean "there is none"; ``Code: words`` where only such a message does."""
    page: int = 0
    """Items that a page of it may hold, where botocore's model does not say so, or says more than the API reference."""
    continued: str = ""
    """A list in a describe answer that goes on behind ``NextToken``."""
    unless: str = ""
    """Skip the call where the item already has this member."""
    action: str = ""
    """The IAM action, where it is not ``service:Operation``."""


class Collector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How resources of one CloudFormation type are read.

    An *item* is a listed member, plus what the request of its listing was fed, plus the answers of
    `describe`. All templates (`name`, `arn`, `id`) are over the item's own names and over
    ``{partition}``, ``{region}``, ``{account}``; ``{A|B}`` is A, or B where there is no A.
    """

    type: str
    service: str
    """As boto3 names it."""
    listing: ApiCall | None = None
    """None: the items stand inside the parent's item, at `inside`."""
    name: str
    arn: str = ""
    id: str = ""
    """The resource's id where it has no ARN."""
    parent: str = ""
    """The type whose items this one is listed under."""
    inside: str = ""
    """A map in the parent's item whose values are the items (its key feeds `inside_key`)."""
    inside_key: str = ""
    inherits: tuple[str, ...] = ()
    """Members of the parent's item that an item found `inside` it keeps; ``id=resourceId`` renames."""
    describe: tuple[ApiCall, ...] = ()
    camel: bool = False
    """The API writes ``camelCase``: capitalise every name, except the keys of `user_maps`."""
    user_maps: tuple[str, ...] = ()
    """Paths of maps whose keys are the user's own, in capitalised names; ``A{**}``: at every depth below A."""
    renames: Mapping[str, str] = {}
    """The API's path -> CloudFormation's, applied in this order. See `answers.rename`."""
    spreads: Mapping[str, str] = {}
    """A list in the items of a list -> the list that its items become. Before the renames. See `answers.spread`."""
    documents: tuple[str, ...] = ()
    """CloudFormation paths that hold JSON as a text: read into values."""
    texts: tuple[str, ...] = ()
    """CloudFormation paths that hold JSON as a text and stay one: looked into for secrets."""
    encoded: tuple[str, ...] = ()
    """CloudFormation paths that hold a script in base64: looked into for secrets."""
    ignores: tuple[str, ...] = ()
    """Members, in capitalised names, that other resources say, or that mean something else than their namesake in
    CloudFormation: neither property nor observed."""
    tag_maps: tuple[str, ...] = ()
    """Properties that the API gives as a map and CloudFormation as a list of Key and Value."""
    observed: tuple[str, ...] = ()
    """CloudFormation names that are what happened, not what was set. All names that CloudFormation
    does not know, or knows as read-only, are observed without being named."""
    elsewhere: tuple[str, ...] = ()
    """Properties that the answer says from the other side (a policy's Roles): ABSENT, not Unknown."""
    covers: tuple[str, ...] = ()
    """Types that have no life of their own in an account: this listing is complete for them too."""
    reach: ListingReach = ListingReach.REGIONAL
    window_days: int = 0
    """Only items created in so many days before now (``CreationTimeAfter``); 0: all."""
    region_member: str = ""
    """A member of the item that says its region; items of another region are left out."""
    gone: Mapping[str, str] = {}
    """Member -> the value that says that what is listed is there no more, or is no resource of its own."""
    ends_with: Mapping[str, str] = {}
    """Member -> how its text ends; items with another one are left out, where the listing has no such filter."""
    holds: tuple[str, ...] = ()
    """Types of the jobs that its definition starts: who asks for them is given these too."""
    needs: str = ""
    """An item without this member is no resource of its own (an API's root path), but may have children."""
    aws_managed: str = ""
    """The member whose account ``aws`` in an ARN, or ``AWS`` alone, makes it AWS's own: observed as ``aws_managed``,
    kept while in use."""
    in_use: tuple[str, ...] = ()
    """Counts of which one is above 0 while an AWS-managed item is in use."""
    named_by: tuple[str, ...] = ()
    """Templates of what the item is called where others name it. Only those that are named by what was read before
    are described and kept; empty: all are. See `naming.in_order`."""
    proofs: tuple[str, ...] | None = None
    """Members of which a whole answer has at least one and an entry of a list none: without one, an entry that somebody
    cut out of a list would read as a resource with nothing set. Empty: an entry tells as much as a description. None:
    an answer that somebody saved is not known by its members alone."""
    arn_word: str = ""
    """What its ARN says before the name, for a type whose answers name it by a member that others have too (service
    authorization reference)."""


class CallRate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How many requests per second AWS takes, of an account in a region."""

    rate: float
    burst: float = 0.0
    """Requests that may come at once; 0: those of a second."""


class CollectedService(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What holds for all calls to one service, where it is not what holds for most."""

    name: str
    """As boto3 has it."""
    iam: str = ""
    """The prefix of its IAM actions, where that is not `name` (service authorization reference)."""
    gone: tuple[str, ...] = ()
    """Error codes of its own that mean that what is asked about was deleted since it was listed."""
    statement: str = ""
    """The statement of the least-privilege policy that its actions are in; empty: as AWS can restrict them."""
    allows_on: tuple[str, ...] = ()
    """The ARNs that this statement is about."""
    together: CallRate | None = None
    """AWS's quota of all calls to it; None: none is known."""
    counts_with: str = ""
    """The service whose quota its calls count for too."""
    each: CallRate | None = None
    """The quota of each operation by itself."""
    operations: Mapping[str, CallRate] = {}
    """The same, of single operations."""
    quota_source: str = ""
    """Where AWS says so."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A statistic over time, of a resource or of each item of one of its lists, read in batches from CloudWatch."""

    type: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    """Dimension -> member of the resource's answer or, after ``[].``, of each of the list's items."""
    observed: str
    """The key under `Resource.observed`."""
    period: int
    """Seconds: an hour or a day."""
    days: int
    stat: str = "Sum"
    """As CloudWatch names it: ``Average``, ``Maximum``."""
    only_with: str = ""
    """A member without which the resource does not publish it; empty: all do."""
