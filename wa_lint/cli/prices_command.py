"""``wa-lint prices refresh``: writes the prices of regions to a file that ``--prices`` takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import click

from wa_lint.cli.exits import CLEAN
from wa_lint.cli.output import complain
from wa_lint.writing import atomic, demand_writable


@click.group()
def prices() -> None:
    """Prices of SageMaker's instances."""


@prices.command()
@click.option("--region", "regions", multiple=True, required=True, help="Whose prices; may be given several times.")
@click.option("--profile", help="A profile of your AWS configuration.")
@click.option(
    "-o",
    "--output",
    default="wa-lint-prices.json",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)
def refresh(*, regions: Sequence[str], profile: str | None, output: Path) -> int:
    """Read prices from the AWS Price List API and write them to a file.

    It needs pricing:GetProducts. `wa-lint check --prices FILE` takes what it wrote; the wheel's own prices are of
    us-east-1 and us-west-2.
    """
    from wa_lint import aws  # noqa: PLC0415, boto3 takes half a second
    from wa_lint.prices import table_of  # noqa: PLC0415, the same
    from wa_lint.sources.live.price_list import REGION, read_prices  # noqa: PLC0415, the same

    demand_writable(output)
    found = read_prices(aws.open_session(profile, REGION), dict.fromkeys(regions))
    day = dt.datetime.now(dt.UTC).date().isoformat()
    with atomic(output) as file:
        file.write(table_of(found, day))
    complain(f"{len(found)} prices of {', '.join(dict.fromkeys(regions))} written to {output}")
    return CLEAN
