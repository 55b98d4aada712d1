"""The permissions that Terraform's provider gives a function URL without authentication. It reads no plan.

`aws_lambda_function_url` with `authorization_type` NONE adds them by itself (terraform-provider-aws,
internal/service/lambda/function_url.go; both since October 2025). A plan shows neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.model import Resource, Value

_ADDED: Final[Mapping[str, Mapping[str, Value]]] = {
    "FunctionURLAllowPublicAccess": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    "FunctionURLAllowInvokeAction": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
}
"""By the id of the statement."""


def permissions(url: Resource) -> Iterator[Resource]:
    """Yield the permissions of a URL; none where it asks for signatures, or where it is not known whether."""
    properties = url.properties
    if url.type != "AWS::Lambda::Url" or not isinstance(properties, dict) or properties.get("AuthType") != "NONE":
        return
    names = {"TargetFunctionArn": "FunctionName", "Qualifier": "Qualifier"}
    of = {ours: properties[theirs] for theirs, ours in names.items() if theirs in properties}
    for statement, said in _ADDED.items():
        yield Resource(
            id=f"{url.id}/{statement}",
            type="AWS::Lambda::Permission",
            properties={**of, "Principal": "*", **said},
            origin=url.origin,
            account=url.account,
            region=url.region,
            within=url.id,
        )
