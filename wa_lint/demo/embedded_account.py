"""An AWS account inside this process: moto, completed by the stub. No socket, none of the user's settings, no clock.

Everything in it was made on one day, and the ids that moto invents follow from what is sent: the same every time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator
from typing import Final

from wa_lint.demo import stub
from wa_lint.errors import MissingExtra
from wa_lint.model import Raw

BORN: Final = dt.datetime(2026, 10, 5, 8, 0, tzinfo=dt.UTC)
"""When everything in the account was made."""

_CONFIG: Final[Raw] = {"iam": {"load_aws_managed_policies": True}, "lambda": {"use_docker": False}}


@contextlib.contextmanager
def embedded_account(memory: stub.StubMemory | None = None) -> Iterator[Raw]:
    """Yield a boto3 session of an empty account in `stub.REGION`. Raise `MissingExtra` where moto is not installed."""
    try:
        from moto import mock_aws  # noqa: PLC0415, the extra [demo]
        from moto.moto_api._internal import mock_random  # noqa: PLC0415, the same
    except ImportError as error:
        raise MissingExtra("demo", "the embedded account needs moto: pip install 'wa-lint[demo]'") from error
    with _deaf(), mock_aws(config=_CONFIG):
        session = new_session()
        session.events.register(
            "before-parameter-build", lambda params, model, **_: mock_random.seed(f"{model.name} {params}")
        )
        stub.install(session, memory or stub.StubMemory(BORN))
        yield session


def new_session() -> Raw:
    """Return a boto3 session without the stub: inside an embedded account it meets moto as it is."""
    import boto3  # noqa: PLC0415, half a second that only the demo pays

    return boto3.Session(
        aws_access_key_id="embedded",
        aws_secret_access_key="embedded",  # noqa: S106, nobody is let in with it
        region_name=stub.REGION,
    )


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Take AWS's variables out of the environment: a profile or an endpoint of the user's would lead outside.

    moto makes sessions of its own, so ours cannot simply be told.
    """
    kept = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    silence = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        for name in kept:
            del os.environ[name]
        os.environ.update(silence)
        yield
    finally:
        for name in silence:
            os.environ.pop(name, None)
        os.environ.update(kept)
