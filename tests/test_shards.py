"""A snapshot in a folder is judged shard by shard, and found to be what the whole is found to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from wa_lint import codec
from wa_lint.engine import lint
from wa_lint.findings import merge
from wa_lint.model import Finding, Gap, Listed, Location, Resource, Scope, Snapshot, SourceKind, Unknown, Value
from wa_lint.references.reach import reach_of, together
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.joined_snapshots import join
from wa_lint.run.judge import lightened
from wa_lint.run.shards import JudgingTask, judge_folder
from wa_lint.run.snapshot_folder import GLOBAL, Folder, FolderIndex, Part, ReadingOptions
from wa_lint.sources.live.collector import ListingReach
from wa_lint.sources.live.collectors import all_collectors

WaLint = Callable[..., Any]

ONE, TWO, THREE, FOUR = (digit * 12 for digit in "1234")
WEST, EAST = "eu-west-1", "us-east-1"
NOW = "2026-11-23T00:00:00+00:00"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:*"}]}
AWS_POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"


def thing(type_: str, arn: str, account: str, region: str | None, properties: Value) -> Resource:
    name = arn.rpartition("/")[2].rpartition(":")[2]
    place = Listed(Location(arn))
    return Resource(arn, type_, properties, place, name=name, arn=arn, account=account, region=region, observed={})


def role(account: str, name: str = "SageMaker", **properties: Value) -> Resource:
    held = {"RoleName": name, "AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [AWS_POLICY], **properties}
    return thing("AWS::IAM::Role", f"arn:aws:iam::{account}:role/{name}", account, None, held)


def grant(action: str, resource: str = "*") -> dict[str, Value]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": [statement]}}]}


def aws_policy(account: str) -> Resource:
    statement = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    held = {"ManagedPolicyName": "AmazonSageMakerFullAccess", "PolicyDocument": {"Statement": [statement]}}
    found = thing("AWS::IAM::ManagedPolicy", AWS_POLICY, account, None, held)
    assert found.arn
    return found


def sagemaker(kind: str, type_: str, name: str, account: str, region: str, **properties: Value) -> Resource:
    arn = f"arn:aws:sagemaker:{region}:{account}:{kind}/{name}"
    return thing(f"AWS::SageMaker::{type_}", arn, account, region, {f"{type_}Name": name, **properties})


def notebook(account: str, region: str, name: str, role_of: str, **properties: Value) -> Resource:
    arn = f"arn:aws:iam::{role_of}:role/SageMaker"
    held = {"RoleArn": arn, "InstanceType": "ml.t3.medium", "DirectInternetAccess": "Enabled", **properties}
    return sagemaker("notebook-instance", "NotebookInstance", name, account, region, **held)


def bucket(account: str, region: str, name: str, **properties: Value) -> Resource:
    return thing("AWS::S3::Bucket", f"arn:aws:s3:::{name}", account, region, {"BucketName": name, **properties})


def bucket_policy(account: str, region: str, name: str) -> Resource:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    held = {"Bucket": name, "PolicyDocument": {"Statement": [statement]}}
    return thing("AWS::S3::BucketPolicy", f"arn:aws:s3:::{name}?policy", account, region, held)


def job(account: str, region: str, name: str, uri: str, role_of: str) -> Resource:
    return sagemaker(
        "training-job",
        "TrainingJob",
        name,
        account,
        region,
        RoleArn=f"arn:aws:iam::{role_of}:role/SageMaker",
        InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": uri}}}],
        OutputDataConfig={"S3OutputPath": f"{uri}out/"},
    )


def serving(account: str, region: str, name: str, role_of: str, data: str) -> list[Resource]:
    variant = {"VariantName": "blue", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    arn = f"arn:aws:iam::{role_of}:role/SageMaker"
    return [
        sagemaker("endpoint", "Endpoint", name, account, region, EndpointConfigName=name),
        sagemaker("endpoint-config", "EndpointConfig", name, account, region, ProductionVariants=[variant]),
        sagemaker(
            "model", "Model", name, account, region, ExecutionRoleArn=arn, PrimaryContainer={"ModelDataUrl": data}
        ),
    ]


def function(account: str, region: str, name: str, role_name: str, **environment: Value) -> list[Resource]:
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    held = {
        "FunctionName": name,
        "Role": f"arn:aws:iam::{account}:role/{role_name}",
        "Environment": {"Variables": environment},
    }
    url = {"TargetFunctionArn": arn, "AuthType": "NONE"}
    return [
        thing("AWS::Lambda::Function", arn, account, region, held),
        thing("AWS::Lambda::Url", f"{arn}?url", account, region, url),
    ]


def tuning(account: str, region: str, lake: str) -> Resource:
    """Return a tuning job: its training jobs are found only where it is judged."""
    definition = {"OutputDataConfig": {"S3OutputPath": lake}, "ResourceConfig": {"InstanceCount": 2}}
    arn = f"arn:aws:sagemaker:{region}:{account}:hyper-parameter-tuning-job/tune"
    return thing("AWS::SageMaker::HyperParameterTuningJob", arn, account, region, {"TrainingJobDefinition": definition})


def account_of(account: str) -> dict[str, list[Resource]]:
    """Return what one account has, by region: names that are the same everywhere, and links of every kind."""
    other = TWO if account == ONE else ONE  # ONE and TWO share roles; all use the lake of THREE; FOUR is alone
    lent = account if account in (THREE, FOUR) else other
    lake = f"s3://own-{account}/train/" if account in (THREE, FOUR) else f"s3://lake-{THREE}/train/"
    return {
        GLOBAL: [
            role(account),
            role(account, "Caller", **grant("sagemaker:InvokeEndpoint")),
            role(account, "Anything", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
            aws_policy(account),
        ],
        WEST: [
            notebook(account, WEST, "research", account),
            notebook(account, WEST, "borrowed", lent, DirectInternetAccess=Unknown("not told")),
            *serving(account, WEST, "churn", lent, lake),
            bucket(account, WEST, f"own-{account}", VersioningConfiguration={"Status": "Enabled"}),
            bucket_policy(account, WEST, f"own-{account}"),
            job(account, WEST, "train", lake, lent),
        ],
        EAST: [
            notebook(account, EAST, "research", account),
            *serving(account, EAST, "churn", account, f"s3://own-{account}/churn.tar.gz"),
            *function(account, EAST, "front", "Caller", ENDPOINT="churn"),
            tuning(account, EAST, f"s3://own-{account}/train/"),
            bucket(account, EAST, f"lake-{account}"),
            bucket_policy(account, EAST, f"lake-{account}"),
            job(account, EAST, "train", f"s3://own-{account}/train/", account),
        ],
    }


def snapshot(account: str, region: str, resources: Sequence[Resource], *, denied: Sequence[str] = ()) -> Snapshot:
    reach = ListingReach.GLOBAL if region == GLOBAL else ListingReach.REGIONAL
    place = None if region == GLOBAL else region
    types = {type_ for c in all_collectors() if c.reach is reach for type_ in (c.type, *c.covers)}
    return Snapshot(
        kind=SourceKind.LIVE,
        uri=f"aws://{account}/{region}",
        resources=tuple(sorted(resources, key=lambda r: (r.type, r.id))),
        complete=frozenset(Scope(type_, account, place) for type_ in types - set(denied)),
        gaps=tuple(Gap(Scope(type_, account, place), "AccessDenied: some:Call") for type_ in denied),
        taken_at=NOW,
    )


def parts_of(*accounts: str) -> dict[tuple[str, str], Snapshot]:
    found = {}
    for account in accounts:
        for region, resources in account_of(account).items():
            denied = ["AWS::SageMaker::Endpoint"] if (account, region) == (TWO, WEST) else ()
            found[account, region] = snapshot(account, region, resources, denied=denied)
    return found


def write(path: Path, parts: dict[tuple[str, str], Snapshot], *others: Part) -> None:
    folder = Folder(path, FolderIndex(taken_at=NOW, options=ReadingOptions(regions=(WEST, EAST))))
    folder.note(others)
    for (account, region), held in sorted(parts.items()):
        folder.keep(Part(account=account, region=region, status="read"), held)
    folder.finish()


def write_whole(file: Path, parts: dict[tuple[str, str], Snapshot]) -> None:
    with file.open("wb") as stream:
        codec.dump(join([parts[key] for key in sorted(parts)]), stream)


ALL = ("-o", "json", "--show-all", "--fail-on", "never")


@pytest.mark.parametrize("jobs", ["1", "2", "3"])
@pytest.mark.parametrize("accounts", [(ONE,), (ONE, TWO), (FOUR, ONE), (ONE, TWO, THREE, FOUR)])
def test_shards_find_what_one_process_finds_with_everything_joined(
    wa_lint: WaLint, tmp_path: Path, accounts: tuple[str, ...], jobs: str
) -> None:
    parts = parts_of(*accounts)
    write(tmp_path / "parts", parts)
    write_whole(tmp_path / "whole.jsonl", parts)
    whole = wa_lint("check", "whole.jsonl", *ALL).report
    sharded = wa_lint("check", "parts", *ALL, "--jobs", jobs).report
    assert sharded["findings"] == whole["findings"]
    assert sharded["gaps"] == whole["gaps"]
    assert sharded["rules"] == whole["rules"]
    assert sharded["practices"] == whole["practices"]
    assert {f["outcome"] for f in whole["findings"]} == {"fail", "pass", "unknown", "not-applicable"}


def test_one_account_in_one_file_is_shared_by_workers_and_its_report_stays_the_same_bytes(
    wa_lint: WaLint, tmp_path: Path
) -> None:
    many = [notebook(ONE, WEST, f"n{i}", ONE) for i in range(150)]
    many += [one for i in range(70) for one in serving(ONE, WEST, f"m{i}", ONE, f"s3://own-{ONE}/train/")]
    write(tmp_path / "parts", {(ONE, WEST): snapshot(ONE, WEST, [role(ONE), bucket(ONE, WEST, f"own-{ONE}"), *many])})
    reports = {wa_lint("check", "parts", *ALL, "--jobs", jobs).out for jobs in ("1", "2", "3")}
    assert len(reports) == 1


def outcomes(run: Any) -> dict[tuple[str, str, str], str]:
    return {(f["rule"], f["resource"]["id"], f["path"]): f["outcome"] for f in run.report["findings"]}


def test_links_lead_across_accounts_and_regions(wa_lint: WaLint, tmp_path: Path) -> None:
    """Else the test above would prove little: what one account alone comes to is not what it comes to with the rest."""
    write(tmp_path / "alone", parts_of(THREE))
    write(tmp_path / "all", parts_of(ONE, TWO, THREE))
    alone, among = outcomes(wa_lint("check", "alone", *ALL)), outcomes(wa_lint("check", "all", *ALL))
    keyless = [
        {
            id_.rpartition(":")[2]: outcome
            for (rule, id_, _), outcome in found.items()
            if rule == "data-bucket-default-key"
        }
        for found in (alone, among)
    ]
    # its own jobs, of another region, make the one a bucket of data; only those of other accounts the other
    assert keyless[0] == {f"own-{THREE}": "fail", f"lake-{THREE}": "not-applicable"}
    assert keyless[1][f"own-{THREE}"] == keyless[1][f"lake-{THREE}"] == "fail"


def test_accounts_are_judged_together_only_where_a_link_may_lead_from_one_into_another() -> None:
    reaches = [reach_of(held, account) for (account, _), held in sorted(parts_of(ONE, TWO, THREE, FOUR).items())]
    assert together(reaches) == [[ONE, TWO, THREE], [FOUR]]


@pytest.mark.parametrize(
    ("text", "is_tied"),
    [
        (f"s3://lake-{THREE}/train/", True),
        (f"arn:aws:s3:::lake-{THREE}", True),
        (f"https://lake-{THREE}.s3.us-east-1.amazonaws.com/train", True),
        (f"https://s3.us-east-1.amazonaws.com/lake-{THREE}/train", True),
        ("s3://lake/train/", False),
        (f"s3://lake-{THREE}-more/train/", False),
    ],
)
def test_a_bucket_is_found_in_whatever_account_it_stands(text: str, is_tied: bool) -> None:
    user = snapshot(FOUR, WEST, [job(FOUR, WEST, "train", text, FOUR)])
    owner = snapshot(THREE, EAST, [bucket(THREE, EAST, f"lake-{THREE}")])
    groups = together([reach_of(user, FOUR), reach_of(owner, THREE)])
    assert len(groups) == (1 if is_tied else 2)


def test_what_cannot_be_told_joins_all() -> None:
    lost = thing("AWS::SageMaker::Model", f"arn:aws:sagemaker:{WEST}:{ONE}:model/m", TWO, WEST, {})
    parts = parts_of(ONE, FOUR) | {(TWO, WEST): snapshot(ONE, WEST, [lost])}
    assert len(together([reach_of(held, account) for (account, _), held in sorted(parts.items())])) == 1


def test_an_account_that_could_not_be_read_is_a_row_and_a_gap_and_harms_no_other(
    wa_lint: WaLint, tmp_path: Path
) -> None:
    write(tmp_path / "alone", parts_of(FOUR))
    write(
        tmp_path / "fleet",
        parts_of(FOUR),
        Part(account=ONE, status="failed", reason="AccessDenied: sts:AssumeRole"),
        Part(account=TWO, status="skipped", reason="the account is SUSPENDED"),
        Part(account=THREE, region=WEST),
    )
    alone, run = wa_lint("check", "alone", *ALL), wa_lint("check", "fleet", *ALL)
    assert (alone.code, run.code) == (0, 4)
    assert run.report["findings"] == alone.report["findings"]
    rows = {i["uri"]: (i["status"], i["reason"]) for i in run.report["inputs"]}
    assert rows[f"aws://{ONE}"] == ("error", "AccessDenied: sts:AssumeRole")
    assert rows[f"aws://{TWO}"] == ("skipped", "the account is SUSPENDED")
    assert rows[f"aws://{THREE}/{WEST}"][0] == "error"
    assert rows[f"fleet/{FOUR}/{WEST}.jsonl.gz"] == ("judged", None)
    assert [(g["type"], g["account"], g["region"]) for g in run.report["gaps"]] == [
        ("AWS::*", ONE, None),
        ("AWS::*", THREE, WEST),
    ]


def test_without_the_roles_nothing_passes_that_asks_about_them(wa_lint: WaLint, tmp_path: Path) -> None:
    parts = parts_of(FOUR)
    failed = Part(account=FOUR, region=GLOBAL, status="failed", reason="AccessDenied")
    write(tmp_path / "all", parts)
    write(tmp_path / "some", {key: held for key, held in parts.items() if key != (FOUR, GLOBAL)}, failed)
    whole, partly = outcomes(wa_lint("check", "all", *ALL)), outcomes(wa_lint("check", "some", *ALL))
    assert "unknown" in partly.values()
    assert all(outcome in (whole.get(key), "unknown") for key, outcome in partly.items())


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def forge(file: Path) -> None:
    index = json.loads(file.read_text())
    index["parts"][0]["file"] = "../../etc/passwd"
    file.write_text(json.dumps(index))


def swell(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate((64 << 20) + 1)


def age(file: Path) -> None:
    file.write_text(file.read_text().replace('"wa_lint_index": 1', '"wa_lint_index": 9'))


@pytest.mark.parametrize(
    ("name", "break_", "said"),
    [
        (f"{FOUR}/{WEST}.jsonl.gz", cut, "it was changed or truncated"),
        (f"{FOUR}/{WEST}.jsonl.gz", Path.unlink, "cannot be read"),
        ("index.json", cut, "damaged"),
        ("index.json", forge, "leads out of the folder"),
        ("index.json", age, "an index of format 9"),
        ("index.json", swell, "longer than 64 MiB"),
    ],
)
def test_a_folder_that_is_not_as_it_was_written_is_an_error_and_says_which_file(
    wa_lint: WaLint, tmp_path: Path, name: str, break_: Callable[[Path], None], said: str
) -> None:
    write(tmp_path / "parts", parts_of(FOUR))
    break_(tmp_path / "parts" / name)
    run = wa_lint("check", "parts", *ALL)
    assert run.code == 2
    assert said in run.err
    assert name in run.err
    assert any(i["status"] == "error" and said in (i["reason"] or "") for i in run.report["inputs"])


# --- whatever the accounts look like ----------------------------------------------------------------


def drawn(random: Random) -> dict[tuple[str, str], Snapshot]:
    """Return some accounts and regions with resources that name each other at random, some of them unknown."""
    accounts = [ONE, TWO, THREE, FOUR][: random.randint(2, 4)]

    def near(account: str) -> str:
        return account if random.random() < 0.7 else random.choice(accounts)

    def maybe(value: Value) -> Value:
        return Unknown("AccessDenied: some:Call") if random.random() < 0.1 else value

    def uri(account: str) -> str:
        name = f"{random.choice(['own', 'lake'])}-{near(account)}"
        shapes = (f"s3://{name}/train/", f"s3://{name}", f"https://{name}.s3.amazonaws.com/x", f"arn:aws:s3:::{name}")
        return random.choice(shapes)

    def some(account: str, region: str) -> list[Resource]:
        makers: list[Callable[[], list[Resource]]] = [
            lambda: [notebook(account, region, "research", near(account), SubnetId=maybe("subnet-1"))],
            lambda: serving(account, region, random.choice(["churn", "fraud"]), near(account), uri(account)),
            lambda: [job(account, region, random.choice(["train", "tune"]), uri(account), near(account))],
            lambda: function(account, region, "front", random.choice(["Caller", "SageMaker", "Gone"]), E="churn"),
            lambda: [bucket(account, region, f"own-{account}"), bucket_policy(account, region, f"own-{account}")],
            lambda: [bucket(account, region, f"lake-{account}", VersioningConfiguration=maybe({"Status": "Enabled"}))],
        ]
        made = {r.id: r for make in random.sample(makers, random.randint(1, len(makers))) for r in make()}
        return [replace(r, properties=maybe(r.properties)) for r in made.values()]

    found: dict[tuple[str, str], Snapshot] = {}
    for account in accounts:
        roles = [role(account), role(account, "Caller", **grant("sagemaker:*")), aws_policy(account)]
        held = {GLOBAL: roles, WEST: some(account, WEST), EAST: some(account, EAST)}
        for region, resources in held.items():
            here = sorted({r.type for r in resources})
            denied = random.sample(here, 1) if random.random() < 0.2 else []
            if random.random() < 0.9:
                found[account, region] = snapshot(account, region, resources, denied=denied)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_shards_find_what_the_whole_finds_whatever_stands_in_them(tmp_path: Path, seed: int) -> None:
    parts = drawn(Random(seed))  # noqa: S311, no secret is drawn
    write(tmp_path, parts)
    rules = chosen_rules(Choice())
    whole = merge([lightened(lint(join([parts[key] for key in sorted(parts)]), rules, NOW[:10]))], ())
    asked = JudgingTask(Choice(), None, NOW[:10])
    _, sharded = judge_folder(tmp_path / "index.json", "index.json", asked, rules, 1, lightened)
    assert [told(finding) for finding in sharded.findings] == [told(finding) for finding in whole.findings]
    assert sharded.gaps == whole.gaps


def told(finding: Finding) -> object:
    return msgspec.to_builtins(replace(finding, resource=replace(finding.resource, origin=None, properties=None)))


def test_what_is_not_known_of_one_account_leaves_another_as_it_is(wa_lint: WaLint, tmp_path: Path) -> None:
    parts = parts_of(ONE)
    hidden = [replace(r, properties=Unknown("Throttled: some:Call")) for r in account_of(FOUR)[WEST]]
    write(tmp_path / "alone", parts)
    write(tmp_path / "beside", parts | {(FOUR, WEST): snapshot(FOUR, WEST, hidden, denied=["AWS::S3::Bucket"])})
    alone, beside = outcomes(wa_lint("check", "alone", *ALL)), outcomes(wa_lint("check", "beside", *ALL))
    assert {key: outcome for key, outcome in beside.items() if FOUR not in key[1]} == alone
