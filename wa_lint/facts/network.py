"""The network of ML workloads: their subnets, security groups and VPCs, and what these let in and out.

Only what an ML resource names is judged. A name that a parameter or another resource gives leads nowhere: it is none of
the template's own subnets. What a template says of a subnet's routes is taken to be all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.cel.types import BOOL, STRING, ListType
from wa_lint.facts.exposure.resource_policies import not_few
from wa_lint.facts.fact import Fact, closed, is_live, seen, unseen, why_more
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, Hole, Resource, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.references.table import LINKS, Link
from wa_lint.truth import Truth, equals, every, some

_SUBNET: Final = "AWS::EC2::Subnet"
_GROUP: Final = "AWS::EC2::SecurityGroup"
_INGRESS: Final = "AWS::EC2::SecurityGroupIngress"
_VPC: Final = "AWS::EC2::VPC"
_TABLE: Final = "AWS::EC2::RouteTable"
_ASSOCIATION: Final = "AWS::EC2::SubnetRouteTableAssociation"
_ROUTE: Final = "AWS::EC2::Route"
_GATEWAY: Final = "AWS::EC2::InternetGateway"
_ENDPOINT: Final = "AWS::EC2::VPCEndpoint"
_FLOW_LOG: Final = "AWS::EC2::FlowLog"
_DOMAIN: Final = "AWS::SageMaker::Domain"
_NOTEBOOK: Final = "AWS::SageMaker::NotebookInstance"
_RUNTIME: Final = "AWS::BedrockAgentCore::Runtime"

_PLACES: Final = tuple(link for link in LINKS if link.back == "ml_tenants")
"""The links by which an ML resource names a subnet or a security group."""

_VPC_LINKS: Final = tuple(link for link in LINKS if (link.target, link.back) in {(_VPC, "subnets"), (_VPC, "domains")})
_RULE_LINKS: Final = tuple(link for link in LINKS if (link.target, link.back) == (_GROUP, "ingress_rules"))

_TENANTS: Final = tuple(sorted({link.type for link in _PLACES}))

_ROUTING: Final = (_ASSOCIATION, _GATEWAY, _ROUTE, _TABLE, _VPC)
"""What tells where a subnet's traffic goes."""


# --- what of ML is in it ----------------------------------------------------------------------------


def is_used_by_ml(home: Cell) -> Truth:
    """Whether an ML resource runs in the subnet, the VPC, or behind the security group."""
    if _tenants(home.world).get(home.resource.id):
        return True
    reason = (why_more(home.world, home, _TENANTS) if is_live(home) else None) or _doubt(home)
    return Unknown(reason) if reason else False


def _doubt(home: Cell) -> str | None:
    """Say which property, of which nothing is known, may lead to the subnet, the VPC or the security group."""
    type_ = home.resource.type
    named = _SUBNET if type_ == _VPC else type_
    return _hidden(home, (*(link for link in _PLACES if link.target == named), *(_VPC_LINKS if type_ == _VPC else ())))


def _hidden(home: Cell, links: Sequence[Link]) -> str | None:
    """Say which text of `links`, in the account of the place, is not known."""
    names = tuple((link.type, link.path) for link in links)
    found = home.world.recall(("hidden texts", names), lambda: list(_hidden_texts(home.world, links)), is_open=True)
    return next((reason for account, reason in found if account in {None, home.resource.account}), None)


def _hidden_texts(world: World, links: Sequence[Link]) -> Iterator[tuple[str | None, str]]:
    for link in links:
        for source in world.of_type(link.type):
            for text in _texts(source, link.path):
                if isinstance(text.value, Unknown):
                    yield source.resource.account, f"{source.resource.id} may lead to it: {text.value.reason}"


def _texts(home: Cell, path: str) -> list[Cell]:
    """Return the cells at a path of the link table."""
    cells: list[Cell] = [home]
    for step in path.replace("[]", ".[]").split("."):
        cells = [inner for cell in cells for inner in (cell.items() if step == "[]" else [cell.select(step)])]
    return cells


def tenant_words(home: Cell) -> str:
    """Return ``Model Churn``, or ``Model Churn and 3 more``, for a message."""
    tenants = sorted(_tenants(home.world).get(home.resource.id, {}).items())
    if not tenants:
        return "an ML resource"
    first = tenants[0][1]
    words = f"{first.type.rpartition('::')[2]} {first.name or first.id}"
    return words if len(tenants) == 1 else f"{words} and {len(tenants) - 1} more"


def _tenants(world: World) -> Mapping[str, Mapping[str, Resource]]:
    """Return the id of a subnet, group or VPC -> the ML resources in it, by their ids."""
    return world.recall("ML resources of networks", lambda: _found_tenants(world), is_open=True)


def _found_tenants(world: World) -> Mapping[str, Mapping[str, Resource]]:
    found: dict[str, dict[str, Resource]] = {}
    for link in _PLACES:
        for tenant in world.of_type(link.type):
            for place in _named(tenant, link.name):
                found.setdefault(place.resource.id, {})[tenant.resource.id] = tenant.resource
                if place.resource.type == _SUBNET:
                    for vpc in _named(place, "vpc"):
                        found.setdefault(vpc.resource.id, {})[tenant.resource.id] = tenant.resource
    for domain in world.of_type(_DOMAIN):
        for vpc in _named(domain, "vpc"):
            found.setdefault(vpc.resource.id, {})[domain.resource.id] = domain.resource
    return found


def _named(cell: Cell, link: str) -> list[Cell]:
    """Return what a link leads to for certain, be it one or many."""
    found = cell.select(link)
    if isinstance(found.value, Unknown) or found.value is ABSENT:
        return []
    return [found] if isinstance(found.value, dict) else seen(found.items())[0]


# --- security groups --------------------------------------------------------------------------------


def lets_in_anyone(group: Cell) -> Cell:
    """Whether an inbound rule, inline or of its own, lets in addresses of anyone; at the rule that does."""
    rules = [*group.select("SecurityGroupIngress").items(), *_named(group, "ingress_rules")]
    answers = [(rule, _is_open(rule)) for rule in rules]
    first = next((rule for rule, answer in answers if answer is True), group.select("SecurityGroupIngress"))
    hidden = _hidden(group, _RULE_LINKS)
    return first.with_value(some((*(answer for _, answer in answers), Unknown(hidden) if hidden else False)))


def _is_open(rule: Cell) -> Truth:
    if hidden := unseen(rule.value):
        return Unknown(hidden)
    if rule.select("SourcePrefixListId").value is not ABSENT:
        return Unknown("a prefix list decides who gets in")
    sources = (rule.select(name).value for name in ("CidrIp", "CidrIpv6"))
    return some(not_few(source) for source in sources if source is not ABSENT)


# --- routes -----------------------------------------------------------------------------------------


class _Way(msgspec.Struct, frozen=True):
    """A route to addresses of anyone."""

    is_certain: Truth
    to_internet: Truth
    """Whether it leads to an internet gateway, by which a subnet is public."""
    is_nat: bool
    """Whether it leads to a NAT gateway, which bills each byte."""


def is_public(subnet: Cell) -> Cell:
    """Whether a subnet gives out public addresses, or has a route to an internet gateway."""
    gives = subnet.select("MapPublicIpOnLaunch")
    if gives.value is True:
        return gives
    ways = _ways(subnet)
    if isinstance(ways, Unknown):
        return gives.with_value(ways)
    public = some(every((way.is_certain, way.to_internet)) for way in ways)
    given = equals(gives.value, True) if gives.value is not ABSENT else False
    return gives.with_value(some((given, public)))


def _ways(subnet: Cell) -> list[_Way] | Unknown:
    """Return the routes of a subnet that take in addresses of anyone; Unknown where its table is not in the input."""
    if is_live(subnet):
        return _observed_ways(subnet)
    subnet = closed(subnet)
    associations, hidden = seen(subnet.select("route_associations").items())
    if hidden:
        return Unknown(hidden)
    if not associations:
        return [] if _named(subnet, "vpc") else Unknown("its main route table is not in the template")
    ways: list[_Way] = []
    for association in associations:
        table = association.select("route_table")
        if not isinstance(table.value, dict):
            return Unknown(unseen(table.value) or "its route table is not in the template")
        routes, hidden = seen(table.select("routes").items())
        if hidden:
            return Unknown(hidden)
        ways += [_way(subnet.world, {name: route.select(name).value for name in _OF_ROUTE}) for route in routes]
    return [way for way in ways if way.is_certain is not False]


_OF_ROUTE: Final = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "GatewayId", "NatGatewayId")


def _observed_ways(subnet: Cell) -> list[_Way] | Unknown:
    """As `_ways`, in an account: a table's answer holds its routes and the subnets that it is for."""
    vpc = subnet.select("VpcId").value
    main: Resource | None = None
    for table in subnet.world.graph.of_type(_TABLE):
        for held in _maps((table.observed or {}).get("Associations")):
            if held.get("SubnetId") == subnet.resource.name:
                return _ways_of(subnet.world, table)
            if held.get("Main") is True and isinstance(table.properties, dict) and table.properties.get("VpcId") == vpc:
                main = table
    if main is not None:
        return _ways_of(subnet.world, main)
    return Unknown(subnet.world.graph.why_incomplete(_TABLE, subnet.resource) or "its route table was not read")


def _ways_of(world: World, table: Resource) -> list[_Way]:
    found = (_way(world, route) for route in _maps((table.observed or {}).get("Routes")))
    return [way for way in found if way.is_certain is not False]


def _maps(value: Value) -> Iterator[Mapping[str, Value]]:
    yield from (one for one in (value if isinstance(value, list | tuple) else ()) if isinstance(one, dict))


def _way(world: World, route: Mapping[str, Value]) -> _Way:
    targets = (route.get(name, ABSENT) for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"))
    wide = some(not_few(target) for target in targets if target is not ABSENT)
    gateway = _is_internet_gateway(world, route.get("GatewayId", ABSENT))
    return _Way(wide, gateway, route.get("NatGatewayId", ABSENT) not in (ABSENT, None))


def _is_internet_gateway(world: World, value: Value) -> Truth:
    if value is ABSENT or value is None:
        return False
    if isinstance(value, str):
        return value.startswith("igw-")
    if isinstance(value, Unresolved) and value.target and (made := world.graph.named(value.target)):
        return made.type == _GATEWAY
    return Unknown(unseen(value) or "its gateway is not known")


# --- endpoints --------------------------------------------------------------------------------------

_STORAGE: Final = ("s3",)
_IMAGES: Final = ("s3", "ecr.api", "ecr.dkr", "logs")

_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    **{type_: _STORAGE for type_ in _TENANTS if "::Bedrock::" in type_},
    **{
        f"AWS::SageMaker::{word}": _STORAGE
        for word in ("AutoMLJob", "Cluster", "Model", "ProcessingJob", "TrainingJob")
    },
    _DOMAIN: ("s3", "sagemaker.api", "sagemaker.runtime"),
    _NOTEBOOK: ("s3", "sagemaker.api"),
    _RUNTIME: _IMAGES,
}
"""What a workload cannot do without: its data and artefacts, the API that Studio and notebooks call, an agent's image
and logs. Sources: SageMaker developer guide, "Give SageMaker AI Training Jobs Access to Resources in Your Amazon VPC",
"Connect Studio notebooks in a VPC to external resources"; AgentCore developer guide, "Configure for VPC" (2026-11)."""


def is_cut_off(home: Cell) -> Truth:
    """Whether all subnets of an ML resource are in the input, with their VPC and routes, and none has a way out."""
    if not home.world.of_type(_VPC):
        return _unless_unread(home, _VPC)
    mode = _ONLY_WITH.get(home.resource.type)
    is_meant = equals(home.select(mode[0]).value, mode[1]) if mode else True
    return every((is_meant, _are_private(home))) if is_meant is not False else False


_ONLY_WITH: Final = {_DOMAIN: ("AppNetworkAccessType", "VpcOnly"), _NOTEBOOK: ("DirectInternetAccess", "Disabled")}
"""The property and the value without which a resource reaches the internet past its subnets."""


def _unless_unread(home: Cell, type_: str) -> Truth:
    """Return False, or Unknown where an account did not tell of the type."""
    reason = home.world.graph.why_incomplete(type_, home.resource) if is_live(home) else None
    return Unknown(reason) if reason else False


def _are_private(home: Cell) -> Truth:
    link = _subnet_link(home)
    texts = _texts(home, link.path)
    hidden = next((text.value for text in texts if isinstance(text.value, Unknown)), None)
    if hidden is not None:
        return hidden
    subnets = _named(home, link.name)
    if not subnets or len(subnets) < len([text for text in texts if text.value is not ABSENT]):
        return _unless_unread(home, _SUBNET)
    return every(_has_no_way(subnet) for subnet in subnets)


def _subnet_link(home: Cell) -> Link:
    return next(link for link in _PLACES if (link.type, link.target) == (home.resource.type, _SUBNET))


def _has_no_way(subnet: Cell) -> Truth:
    vpc = subnet.select("VpcId").value
    if isinstance(vpc, Unknown):
        return vpc
    if not _named(subnet, "vpc"):
        return _unless_unread(subnet, _VPC)
    ways = _ways(subnet)
    return ways if isinstance(ways, Unknown) else not ways


def missing_endpoints(home: Cell) -> list[str] | Unknown:
    """Return the services for which the VPCs of an ML resource have no endpoint."""
    found: list[str] = []
    subnets = _named(home, _subnet_link(home).name)
    for vpc in {cell.resource.id: cell for subnet in subnets for cell in _named(subnet, "vpc")}.values():
        endpoints, hidden = seen(vpc.select("endpoints").items())
        for service in _SERVICES[home.resource.type]:
            answer = some((_has_endpoint(endpoints, service), Unknown(hidden) if hidden else False))
            if isinstance(answer, Unknown):
                return answer
            if not answer and service not in found:
                found.append(service)
    return found


def _has_endpoint(endpoints: Iterable[Cell], service: str) -> Truth:
    return some(_is_for(endpoint.select("ServiceName").value, service) for endpoint in endpoints)


def _is_for(name: Value, service: str) -> Truth:
    """Whether an endpoint's service name, as ``com.amazonaws.eu-west-1.s3``, is of a service."""
    parts = parts_of(name)
    last = parts[-1] if parts else None
    if not isinstance(last, str):
        return Unknown(unseen(name) or "its service is not known")
    whole = last if len(parts) == 1 or not isinstance(parts[-2], Hole) else f"\\0{last}"
    return whole.endswith(f".{service}") or whole == service


def leaves_by_nat(vpc: Cell) -> Truth:
    """Whether a NAT gateway takes what ML resources in subnets of the VPC send to addresses outside."""
    used = is_used_by_ml(vpc)
    if used is not True:
        return used
    subnets, hidden = seen(closed(vpc).select("subnets").items())
    found = some(every((is_used_by_ml(subnet), _bills(_ways(subnet)))) for subnet in subnets)
    return some((found, Unknown(hidden) if hidden else False))


def _bills(ways: Sequence[_Way] | Unknown) -> Truth:
    if isinstance(ways, Unknown):
        return ways
    return some(way.is_certain if way.is_nat else False for way in ways)


def has_storage_endpoint(vpc: Cell) -> Truth:
    """Whether the VPC has an endpoint for S3, of either kind."""
    endpoints, hidden = seen(vpc.select("endpoints").items())
    return some((_has_endpoint(endpoints, "s3"), Unknown(hidden) if hidden else False))


# --- flow logs --------------------------------------------------------------------------------------


def has_flow_log(vpc: Cell) -> Truth:
    """Whether flow logs record the traffic of a VPC, or of each of its subnets in which ML runs."""
    logs, hidden = seen(vpc.select("flow_logs").items())
    if logs:
        return True
    tenants = _tenants(vpc.world)
    subnets = [cell for cell in _named(vpc, "subnets") if cell.resource.id in tenants]
    own = [bool(_named(subnet, "flow_logs")) for subnet in subnets]
    if own and all(own):
        return True
    return Unknown(hidden) if hidden else False


# --- the table --------------------------------------------------------------------------------------

FACTS: Final[tuple[Fact, ...]] = (
    *(
        fact
        for type_ in (_SUBNET, _GROUP, _VPC)
        for fact in (
            Fact(
                type_,
                "",
                "is_used_by_ml",
                (*_TENANTS, _SUBNET, _GROUP, _VPC),
                BOOL,
                "Whether SageMaker, Bedrock or AgentCore runs in it.",
                is_used_by_ml,
            ),
            Fact(
                type_,
                "",
                "tenant_words",
                (*_TENANTS, _SUBNET, _GROUP, _VPC),
                STRING,
                "What of ML runs in it.",
                tenant_words,
            ),
        )
    ),
    Fact(
        _GROUP,
        "",
        "lets_in_anyone",
        (_INGRESS,),
        BOOL,
        "Whether an inbound rule takes in addresses of anyone.",
        lets_in_anyone,
    ),
    Fact(
        _SUBNET,
        "",
        "is_public",
        _ROUTING,
        BOOL,
        "Whether it gives out public addresses, or leads to an internet gateway.",
        is_public,
    ),
    *(
        fact
        for type_ in _SERVICES
        for fact in (
            Fact(
                type_,
                "",
                "is_cut_off",
                (_SUBNET, *_ROUTING),
                BOOL,
                "Whether none of its subnets, all of which are in the input, has a way out of the VPC.",
                is_cut_off,
            ),
            Fact(
                type_,
                "",
                "missing_endpoints",
                (_SUBNET, _VPC, _ENDPOINT),
                ListType(STRING),
                "The services that it needs and for which its VPC has no endpoint.",
                missing_endpoints,
            ),
        )
    ),
    Fact(
        _VPC,
        "",
        "leaves_by_nat",
        (_SUBNET, _GROUP, _ASSOCIATION, _GATEWAY, _ROUTE, _TABLE, *_TENANTS),
        BOOL,
        "Whether what ML resources in it send outside goes through a NAT gateway.",
        leaves_by_nat,
    ),
    Fact(
        _VPC,
        "",
        "has_storage_endpoint",
        (_ENDPOINT,),
        BOOL,
        "Whether it has an endpoint for S3.",
        has_storage_endpoint,
    ),
    Fact(
        _VPC,
        "",
        "has_flow_log",
        (_FLOW_LOG, _SUBNET, _GROUP, *_TENANTS),
        BOOL,
        "Whether flow logs record its traffic, or that of its subnets with ML.",
        has_flow_log,
    ),
)
