"""The collector table, for what knowledge bases keep their vectors in: OpenSearch Serverless. Data only."""

from __future__ import annotations

from wa_lint.sources.live.collector import ApiCall, Collector

_POLICY = {"type": "type", "name": "name"}

VECTOR_STORES = (
    Collector(
        type="AWS::OpenSearchServerless::Collection",
        service="opensearchserverless",
        listing=ApiCall(operation="ListCollections", items="collectionSummaries"),
        name="{name}",
        arn="{arn}",
        camel=True,
        elsewhere=("Type",),  # only BatchGetCollection tells it; what knowledge bases use counts without it
    ),
    Collector(
        type="AWS::OpenSearchServerless::SecurityPolicy",
        service="opensearchserverless",
        listing=ApiCall(
            operation="ListSecurityPolicies",
            fixed={"type": "network"},
            items="securityPolicySummaries",
        ),
        describe=(
            ApiCall(
                operation="GetSecurityPolicy",
                request=_POLICY,
                within="securityPolicyDetail",
            ),
        ),
        name="{name}",
        id="{account}/{region}/network-policy/{name}",
        camel=True,
        user_maps=("Policy{**}",),
    ),
)
