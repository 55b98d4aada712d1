"""Links: by reference, by name, by ARN, by equal parts; and what is said where they cannot be followed."""

from __future__ import annotations

from random import Random

import pytest

from wa_lint.graph import Cell, World
from wa_lint.model import (
    Gap,
    Hole,
    Listed,
    Location,
    Partial,
    Resource,
    Scope,
    Snapshot,
    SourceKind,
    Unknown,
    Unresolved,
)
from wa_lint.references import follow
from wa_lint.references.follow import graph_of
from wa_lint.references.names import names, spellings_of
from wa_lint.references.table import LINKS
from wa_lint.schema import property_at
from wa_lint.sources.template import read_template
from wa_lint.spelling import Spelling, Spellings, is_named, shelve, spell, spelled_on, spellings, text
from wa_lint.truth import Truth

ENDPOINT, CONFIG = "AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def resource(id_: str, type_: str, **properties: object) -> Resource:
    return Resource(id_, type_, properties, Listed(Location(id_)))


def world(*resources: Resource, kind: SourceKind = SourceKind.TEMPLATE, **snapshot: object) -> World:
    return World(graph_of(Snapshot(kind, "here", resources, **snapshot)))  # type: ignore[arg-type] # a test's shorthand


def root(world: World, id_: str) -> Cell:
    found = world.graph.named(id_)
    assert found
    return world.cell(found)


def ref(id_: str, attribute: str | None = None) -> Unresolved:
    return Unresolved(f"!Ref {id_}", (Hole(id_, target=id_, attribute=attribute),))


def config(*names: str) -> Resource:
    return resource("Config", CONFIG, ProductionVariants=[{"VariantName": name} for name in names])


def test_a_reference_is_followed_forward_and_back() -> None:
    here = world(config("blue"), resource("Endpoint", ENDPOINT, EndpointConfigName=ref("Config", "EndpointConfigName")))
    assert root(here, "Endpoint").select("endpoint_config").resource.id == "Config"
    endpoints = root(here, "Config").select("endpoints").value
    assert isinstance(endpoints, Partial), "another template may hold an endpoint on this configuration"
    assert [cell.resource.id for cell in endpoints.items if isinstance(cell, Cell)] == ["Endpoint"]


@pytest.mark.parametrize(
    "said",
    [
        "endpoint/fraud/variant/blue",
        Unresolved("!Sub", ("endpoint/", Hole("Endpoint.EndpointName", "Endpoint", "EndpointName"), "/variant/blue")),
    ],
)
def test_a_scaling_target_names_one_variant(said: object) -> None:
    here = world(
        config("blue", "green"),
        resource("Endpoint", ENDPOINT, EndpointName="fraud", EndpointConfigName=ref("Config")),
        resource("Target", TARGET, ResourceId=said, MinCapacity=2),
    )
    blue, green = root(here, "Config").select("ProductionVariants").items()
    assert [cell.resource.id for cell in blue.select("scalable_targets").items()[:-1]] == ["Target"]
    assert isinstance(blue.select("scalable_targets").value, Partial)
    assert green.select("scalable_targets").items()[:-1] == []


def test_equal_parts_are_equal_names() -> None:
    name = Unresolved("!Sub ${Stage}-fraud", (Hole("Stage"), "-fraud"))
    said = Unresolved("!Sub", ("endpoint/", Hole("Stage"), "-fraud/variant/blue"))
    here = world(
        config("blue"),
        resource("Endpoint", ENDPOINT, EndpointName=name, EndpointConfigName=ref("Config")),
        resource("Target", TARGET, ResourceId=said),
    )
    (blue,) = root(here, "Config").select("ProductionVariants").items()
    assert [cell.resource.id for cell in blue.select("scalable_targets").items()[:-1]] == ["Target"]


def test_a_text_that_may_name_it_leaves_the_link_open() -> None:
    here = world(
        config("blue"),
        resource("Endpoint", ENDPOINT, EndpointName="fraud", EndpointConfigName=ref("Config")),
        resource("Target", TARGET, ResourceId=Unresolved("!Ref Which", (Hole("Which"),))),
        kind=SourceKind.LIVE,
        complete=frozenset({Scope(TARGET)}),
    )
    (blue,) = root(here, "Config").select("ProductionVariants").items()
    targets = blue.select("scalable_targets").value
    assert isinstance(targets, Partial)
    assert "Which" in targets.reason


def test_none_is_false_only_where_the_listing_is_whole() -> None:
    endpoint = resource("Endpoint", ENDPOINT, EndpointName="fraud")
    whole = world(endpoint, kind=SourceKind.LIVE, complete=frozenset({Scope("AWS::CloudWatch::Alarm")}))
    assert root(whole, "Endpoint").select("alarms").value == []
    refused = world(endpoint, kind=SourceKind.LIVE, gaps=(Gap(Scope("AWS::CloudWatch::Alarm"), "AccessDenied"),))
    alarms = root(refused, "Endpoint").select("alarms").value
    assert isinstance(alarms, Partial)
    assert "AccessDenied" in alarms.reason


def test_only_the_dimension_of_the_endpoint_names_it() -> None:
    dimensions = [{"Name": "VariantName", "Value": "fraud"}, {"Name": "EndpointName", "Value": "other"}]
    here = world(
        resource("Endpoint", ENDPOINT, EndpointName="fraud"),
        resource("Alarm", "AWS::CloudWatch::Alarm", Dimensions=dimensions),
        kind=SourceKind.LIVE,
        complete=frozenset({Scope("AWS::CloudWatch::Alarm")}),
    )
    assert root(here, "Endpoint").select("alarms").value == []


def test_a_bucket_is_named_by_an_s3_uri() -> None:
    uri = Unresolved("!Sub", ("s3://", Hole("Data", target="Data"), "/train"))
    channel = {"DataSource": {"S3DataSource": {"S3Uri": uri}}}
    here = world(
        resource("Data", "AWS::S3::Bucket"),
        resource("Job", "AWS::SageMaker::TrainingJob", InputDataConfig=[channel]),
    )
    assert [cell.resource.id for cell in root(here, "Job").select("input_buckets").items()] == ["Data"]
    assert [cell.resource.id for cell in root(here, "Data").select("ml_links").items()[:-1]] == ["Job"]


def test_what_is_not_in_the_template_is_unknown_and_says_so() -> None:
    here = world(resource("Endpoint", ENDPOINT, EndpointConfigName="elsewhere"))
    found = root(here, "Endpoint").select("endpoint_config").value
    assert found == Unknown("'elsewhere' is not in this template")


def test_an_absent_reference_is_an_absent_link() -> None:
    here = world(resource("Notebook", "AWS::SageMaker::NotebookInstance"))
    assert "ABSENT" in repr(root(here, "Notebook").select("lifecycle_config"))


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link.type}.{link.path}")
def test_the_link_table_names_only_what_the_schemas_know(link: object) -> None:
    assert hasattr(link, "type")
    assert property_at(link.type, link.path), f"{link.type} has no {link.path}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("said", "key", "named"),
    [
        ("s3://data/a/b", "s3://{id}/*", True),
        ("s3://other/a", "s3://{id}/*", False),
        ("\U000f0009", "s3://{id}/*", None),
        ("s3://\U000f0009/a", "s3://{id}/*", None),
        ("http://\U000f0009/a", "s3://{id}/*", False),
        ("\U000f0001/a", "{id}/*", False),
    ],
)
def test_names(said: str, key: str, named: bool | None) -> None:
    settled = {"\U000f0001"}.__contains__
    by = spellings(spell(key, lambda _: [Spelling("data")]), settled)
    assert is_named(text(said, settled), by, settled) is named


def test_no_two_links_give_one_name_at_one_place() -> None:
    forward = [(link.type, link.at, link.name) for link in LINKS]
    assert len(forward) == len(set(forward))


def test_what_a_name_assumes_is_assumed_of_all_that_stands_behind_it() -> None:
    template = """
Parameters: {Name: {Type: String, Default: fraud}}
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties: {ProductionVariants: [{VariantName: blue}]}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: fraud, EndpointConfigName: !GetAtt Config.EndpointConfigName}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {ResourceId: !Sub "endpoint/${Name}/variant/blue", MinCapacity: 2}
"""
    here = World(graph_of(read_template(template, "t.yaml")))
    (blue,) = root(here, "Config").select("ProductionVariants").items()
    target = blue.select("scalable_targets").items()[0]
    assert target.select("MinCapacity").assumes == ("the default of Name",)


def test_what_may_not_be_there_is_no_partner() -> None:
    template = """
Resources:
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointName: fraud, EndpointConfigName: c}}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Condition: NotDefined
    Properties: {Dimensions: [{Name: EndpointName, Value: !GetAtt Endpoint.EndpointName}]}
"""
    here = World(graph_of(read_template(template, "t.yaml")), is_closed=True)
    alarms = root(here, "Endpoint").select("alarms").value
    assert isinstance(alarms, Partial)
    assert alarms.items == ()


def test_what_may_not_be_there_is_not_looked_at_either() -> None:
    template = """
Resources:
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: !Ref Config}}
  Named: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: config}}
  Config: {Type: AWS::SageMaker::EndpointConfig, Condition: NotDefined, Properties: {EndpointConfigName: config}}
"""
    here = World(graph_of(read_template(template, "t.yaml")))
    for id_ in ("Endpoint", "Named"):
        found = root(here, id_).select("endpoint_config").value
        assert isinstance(found, Unknown)
        assert "NotDefined" in found.reason


def test_of_many_links_those_that_are_there_are_followed() -> None:
    template = """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: [!Ref Here, !Ref Perhaps]}}
  Here: {Type: AWS::IAM::ManagedPolicy}
  Perhaps: {Type: AWS::IAM::ManagedPolicy, Condition: NotDefined}
"""
    policies = root(World(graph_of(read_template(template, "t.yaml"))), "Role").select("managed_policies").value
    assert isinstance(policies, Partial)
    assert [cell.resource.id for cell in policies.items if isinstance(cell, Cell)] == ["Here"]


@pytest.mark.parametrize(("said", "assumes"), [("dev-fraud", ("the default of Stage",)), ("!Ref Endpoint", ())])
def test_the_name_of_what_is_named_may_rest_on_a_default_too(said: str, assumes: tuple[str, ...]) -> None:
    template = f"""
Parameters: {{Stage: {{Type: String, Default: dev}}}}
Resources:
  Endpoint: {{Type: AWS::SageMaker::Endpoint, Properties: {{EndpointName: !Sub "${{Stage}}-fraud"}}}}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {{AlarmName: low, Dimensions: [{{Name: EndpointName, Value: {said}}}]}}
"""
    here = World(graph_of(read_template(template, "t.yaml")))
    (alarm, _) = root(here, "Endpoint").select("alarms").items()
    assert alarm.select("AlarmName").assumes == assumes
    (endpoint,) = root(here, "Alarm").select("endpoints").items()
    assert endpoint.select("EndpointConfigName").assumes == assumes


def test_a_default_behind_a_name_is_assumed_by_whoever_is_reached_through_it() -> None:
    template = """
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties: {EndpointConfigName: !Sub "${Stage}-config", ProductionVariants: [{VariantName: blue}]}
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointName: fraud, EndpointConfigName: dev-config}}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {ResourceId: endpoint/fraud/variant/blue, MinCapacity: 2}
"""
    here = World(graph_of(read_template(template, "t.yaml")))
    (blue,) = root(here, "Config").select("ProductionVariants").items()
    assert blue.select("scalable_targets").items()[0].select("MinCapacity").assumes == ("the default of Stage",)


@pytest.mark.parametrize(
    ("arn", "is_named"),
    [
        ("arn:aws:iam::111122223333:role/trainer", True),
        ("arn:aws:iam::111122223333:role/teams/ml/trainer", True),
        ("arn:aws:iam::111122223333:role/my-trainer", False),
        ("trainer", False),
    ],
)
def test_a_role_is_named_by_its_arn_and_by_all_of_its_name(arn: str, *, is_named: bool) -> None:
    here = world(
        resource("Role", "AWS::IAM::Role", RoleName="trainer"),
        resource("Model", "AWS::SageMaker::Model", ExecutionRoleArn=arn),
    )
    assert (not isinstance(root(here, "Model").select("execution_role").value, Unknown)) is is_named


def test_what_fits_a_pattern_is_found_by_its_beginning_and_by_its_end() -> None:
    texts = ["s3://data/a", "s3://database/a", "x:role/trainer", "y:role/my-trainer", "s3://data/b"]
    by = spellings((one for key in ("s3://{id}/*", "*:role/{id}") for one in spell(key, _fill)), lambda _: False)
    assert sorted(spelled_on(shelve(texts), by)) == ["s3://data/a", "s3://data/b", "x:role/trainer"]


def _fill(_: str) -> list[Spelling]:
    return [Spelling("data"), Spelling("trainer")]


def test_nothing_that_a_text_may_name_is_left_out_of_what_it_is_compared_with() -> None:
    random = Random(7)  # noqa: S311, the same on every run
    pieces: tuple[str | Hole, ...] = ("a", "ab", "b", "-", Hole("Stage"), Hole("Bucket0", target="Bucket0"))

    def name(prefix: str = "") -> object:
        parts = [prefix] * bool(prefix) + [random.choice(pieces) for _ in range(random.randrange(1, 4))]
        if all(isinstance(part, str) for part in parts):
            return "".join(map(str, parts))
        return Unresolved("a text with holes", tuple(parts))

    links = [link for link in LINKS if link.target == "AWS::S3::Bucket" and link.path in ("Bucket", "ArtifactStoreUri")]
    assert len(links) == 2
    for _ in range(40):
        buckets = [resource(f"Bucket{i}", "AWS::S3::Bucket", BucketName=name()) for i in range(8)]
        here = world(*buckets, *(resource(f"T{i}", "T", Text=name(random.choice(("", "s3://")))) for i in range(8)))
        texts = [root(here, f"T{i}").select("Text") for i in range(8)]
        for link, text_ in ((link, text_) for link in links for text_ in texts):
            certain = {cell.resource.id for cell in follow._certain_candidates(text_, link)}
            open_ = {cell.resource.id for cell in follow._open_candidates(text_, link)}
            answers = {b.id: names(text_, spellings_of(link, root(here, b.id)), root(here, b.id)) for b in buckets}
            is_reference = isinstance(text_.value, Unresolved) and text_.value.target
            assert is_reference or {id_ for id_, answer in answers.items() if answer is True} <= certain
            assert is_reference or {id_ for id_, answer in answers.items() if answer is not False} <= certain | open_


def test_of_many_names_each_is_compared_with_few(monkeypatch: pytest.MonkeyPatch) -> None:
    number, compared = 300, []
    real = names

    def noted(text_: Cell, by: Spellings, place: Cell) -> Truth:
        compared.append(place.resource.id)
        return real(text_, by, place)

    monkeypatch.setattr(follow, "names", noted)
    configs = [resource(f"C{i}", CONFIG, EndpointConfigName=f"c{i}") for i in range(number)]
    endpoints = [resource(f"E{i}", ENDPOINT, EndpointConfigName=f"c{i}") for i in range(number)]
    here = world(*configs, *endpoints, kind=SourceKind.LIVE)
    for i in range(number):
        assert root(here, f"E{i}").select("endpoint_config").resource.id == f"C{i}"
    assert len(compared) < 3 * number
