"""A Lambda function: scans its own account, adds the run to the history in S3, and puts the scorecard beside it.

Environment: BUCKET, REGIONS (``eu-west-1 us-east-1``); TOPIC, if somebody is to hear of new grave findings.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from wa_lint.cli import main

_BROKEN = 2
"""wa-lint's exit code where nothing was judged, so that nothing was kept either."""


def handler(event: Any, context: Any) -> dict[str, int]:
    """Run a night. Raise where wa-lint could not, so that the function's alarm sees it."""
    del event, context
    bucket, regions = os.environ["BUCKET"], os.environ["REGIONS"].split()
    with tempfile.TemporaryDirectory() as place:
        database, page = Path(place, "wa-lint.db"), Path(place, "wa-lint.html")
        s3 = boto3.client("s3")
        tag = _fetched(s3, bucket, database)
        chosen = [word for region in regions for word in ("--region", region)]
        code = _code(
            ["scan", *chosen, "--history", str(database), "-o", "text", "-o", f"html={page}", "--fail-on", "high"]
        )
        if code == _BROKEN:
            raise RuntimeError("wa-lint could not scan; see the log")
        _keep(s3, bucket, database, tag)
        s3.put_object(Bucket=bucket, Key="wa-lint.html", Body=page.read_bytes(), ContentType="text/html")
    topic = os.environ.get("TOPIC")
    if topic and code == 1:
        text = f"s3://{bucket}/wa-lint.html has what fails with severity high or more."
        boto3.client("sns").publish(TopicArn=topic, Subject="wa-lint: something fails", Message=text)
    return {"code": code}


def _fetched(s3: Any, bucket: str, file: Path) -> str | None:
    """Fetch the history; return its ETag, or None on the first night."""
    try:
        found = s3.get_object(Bucket=bucket, Key=file.name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    file.write_bytes(found["Body"].read())
    return str(found["ETag"])


def _keep(s3: Any, bucket: str, file: Path, tag: str | None) -> None:
    """Put the history back, unless somebody else did so in the meantime: then S3 refuses, and nothing is lost."""
    condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
    s3.put_object(Bucket=bucket, Key=file.name, Body=file.read_bytes(), **condition)


def _code(arguments: list[str]) -> int:
    try:
        main(arguments)
    except SystemExit as done:
        return int(done.code or 0)
