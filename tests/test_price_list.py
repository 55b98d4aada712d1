"""Prices of more regions: read from AWS's Price List (botocore's own parsing, answers of ours), written, and used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from wa_lint import aws, prices
from wa_lint.errors import ConfigError, SourceError
from wa_lint.sources.live.price_list import read_prices

WaLint = Callable[..., Any]
LOADER = botocore.session.Session().get_component("data_loader")
REGION: Final = "eu-west-1"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    prices.use(())


def product(usage: str, usd: str, unit: str = "Hrs", name: str = "ml.g5.xlarge") -> str:
    """One item of PriceList, in the shape that AWS documents."""
    dimension = {"unit": unit, "pricePerUnit": {"USD": usd}}
    return json.dumps(
        {
            "product": {"attributes": {"usagetype": usage, "instanceName": name, "regionCode": REGION}},
            "terms": {"OnDemand": {"S.J": {"priceDimensions": {"S.J.6": dimension}}}},
        }
    )


PAGES: Final = (
    [product("EUW1-Host:ml.g5.xlarge", "1.5700000000"), product("EUW1-Train:ml.g5.xlarge", "1.5800000000")],
    [
        product("EUW1-Notebk:ml.t3.medium", "0.0552000000", name="ml.t3.medium"),
        product("EUW1-Host:ml.m5.large", "0.0000000000", name="ml.m5.large"),
        product("EUW1-Host:ml.m5.large", "0.10", unit="GB", name="ml.m5.large"),
        product("EUW1-Spot:ml.g5.xlarge", "0.5"),
        product("EUW1-Host:db.large", "0.5", name="db.large"),
        "no JSON",
        "[]",
        product("EUW1-Host:ml.g5.2xlarge", "about 2", name="ml.g5.2xlarge"),
        product("EUW1-Host:ml.g5.4xlarge", "inf", name="ml.g5.4xlarge"),
        product("EUW1-Host:ml.g5.8xlarge", "1e999", name="ml.g5.8xlarge"),
        '{"product": {"attributes": []}, "terms": {"OnDemand": {}}}',
        '{"product": {"attributes": {"usagetype": "EUW1-Host:ml.p4"}}, "terms": {"OnDemand": {"S": [1]}}}',
        '{"product": {"attributes": {"usagetype": 1}}, "terms": {"OnDemand": {"S": {"priceDimensions": null}}}}',
    ],
)


def session(answer: Callable[[Mapping[str, Any]], Any]) -> Any:
    """A boto3 session in which GetProducts is answered by `answer`."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", LOADER)
    made = boto3.Session("testing", "testing", region_name="us-east-1", botocore_session=inner)
    asked: list[Any] = []
    made.events.register("before-parameter-build", lambda params, **_: asked.append(params))
    made.events.register(
        "before-call", lambda **_: (SimpleNamespace(status_code=200), {**answer(asked[-1]), "ResponseMetadata": {}})
    )
    return made


def paged(request: Mapping[str, Any]) -> Any:
    filters = {one["Field"]: one["Value"] for one in request["Filters"]}
    assert (request["ServiceCode"], filters) == (
        "AmazonSageMaker",
        {"regionCode": REGION, "productFamily": "ML Instance"},
    )
    return {"PriceList": PAGES[1]} if "NextToken" in request else {"PriceList": PAGES[0], "NextToken": "more"}


def test_every_page_is_read_and_what_is_no_price_of_an_instance_hour_is_not() -> None:
    assert read_prices(session(paged), [REGION]) == [
        prices.PriceReading("ml.g5.xlarge", "hosting", REGION, 1.57),
        prices.PriceReading("ml.g5.xlarge", "training", REGION, 1.58),
        prices.PriceReading("ml.t3.medium", "notebook", REGION, 0.0552),
    ]


def test_a_region_without_prices_is_an_error() -> None:
    with pytest.raises(SourceError, match="prices of mars-1: the Price List API has no SageMaker instances there"):
        read_prices(session(lambda _: {"PriceList": []}), ["mars-1"])


def test_a_refusal_names_the_permission() -> None:
    def refuse(_: object) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetProducts")

    with pytest.raises(SourceError, match="pricing:GetProducts: AccessDenied"):
        read_prices(session(refuse), [REGION])


def test_what_was_written_is_used(wa_lint: WaLint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "open_session", lambda *_: session(paged))
    file = tmp_path / "p.json"
    run = wa_lint("prices", "refresh", "--region", REGION, "-o", str(file))
    assert (run.code, run.err) == (0, f"wa-lint: 3 prices of {REGION} written to {file}\n")
    assert prices.hourly("ml.g5.xlarge", "hosting", REGION) is None
    prices.use([file])
    found = prices.hourly("ml.g5.xlarge", "hosting", REGION)
    assert found is not None
    assert (found.usd_per_hour, found.confidence, found.source) == (
        1.57,
        "high",
        "AWS Price List API, AmazonSageMaker, on demand",
    )
    assert prices.hourly("ml.g5.xlarge", "studio", REGION) is None
    assert prices.hourly("ml.g5.xlarge", "hosting", "eu-west-2") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "was not written by `wa-lint prices refresh`"),
        ("{}", "was not written by `wa-lint prices refresh`"),
        (
            '{"source": "s", "date": "2026", "currency": "EUR", "prices": []}',
            "was not written by `wa-lint prices refresh`",
        ),
        (
            (
                '{"source": "s", "date": "2026", "currency": "USD", "prices": [{"instance_type": "ml.a", '
                '"component": "hosting", "region": "r", "usd_per_hour": -1}]}'
            ),
            "ml.a in r: no price of hosting",
        ),
        (
            (
                '{"source": "s", "date": "2026", "currency": "USD", "prices": [{"instance_type": "ml.a", '
                '"component": "beer", "region": "r", "usd_per_hour": 1}]}'
            ),
            "ml.a in r: no price of beer",
        ),
    ],
)
def test_a_bad_file_is_one_line(wa_lint: WaLint, tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "p.json").write_text(text)
    (tmp_path / "t.yaml").write_text("Resources: {B: {Type: AWS::S3::Bucket}}\n")
    run = wa_lint("check", str(tmp_path / "t.yaml"), "--prices", str(tmp_path / "p.json"))
    assert run.code == 2
    assert problem in run.err
    with pytest.raises(ConfigError):
        prices.use([tmp_path / "p.json"])
