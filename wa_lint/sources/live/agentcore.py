"""The collector table, for Amazon Bedrock AgentCore: runtimes, gateways, memories and tools of agents. Data only."""

from __future__ import annotations

from wa_lint.sources.live.collector import ApiCall, Collector

_CONTROL = "bedrock-agentcore-control"
_JWT = "AuthorizerConfiguration.CustomJWTAuthorizer."
_JWT_MAPS = (
    f"{_JWT}AdvertisedScopeMapping",
    f"{_JWT}PrivateEndpoint.ManagedVpcResource.Tags",
    f"{_JWT}PrivateEndpointOverrides[].PrivateEndpoint.ManagedVpcResource.Tags",
)
_CERTIFICATE = {"Certificates[].Location.SecretsManager.SecretArn": "Certificates[].CertificateLocation.SecretArn"}
_OWN = {"type": "CUSTOM"}
"""AWS's own tools, which every account has, are left out."""

AGENTCORE = (
    Collector(
        type="AWS::BedrockAgentCore::Runtime",
        service=_CONTROL,
        listing=ApiCall(operation="ListAgentRuntimes", items="agentRuntimes"),
        describe=(ApiCall(operation="GetAgentRuntime", request={"agentRuntimeId": "agentRuntimeId"}),),
        name="{agentRuntimeId}",
        arn="{agentRuntimeArn}",
        camel=True,
        user_maps=("EnvironmentVariables", *_JWT_MAPS),
        renames={"ProtocolConfiguration.ServerProtocol": "ProtocolConfiguration"},
    ),
    Collector(
        type="AWS::BedrockAgentCore::Gateway",
        service=_CONTROL,
        listing=ApiCall(operation="ListGateways", items="items"),
        describe=(ApiCall(operation="GetGateway", request={"gatewayIdentifier": "gatewayId"}),),
        name="{gatewayId}",
        arn="arn:{partition}:bedrock-agentcore:{region}:{account}:gateway/{gatewayId}",
        camel=True,
        user_maps=_JWT_MAPS,
    ),
    Collector(
        type="AWS::BedrockAgentCore::Memory",
        service=_CONTROL,
        listing=ApiCall(operation="ListMemories", items="memories"),
        describe=(ApiCall(operation="GetMemory", request={"memoryId": "id"}, within="memory"),),
        name="{id}",
        arn="{arn}",
        camel=True,
    ),
    Collector(
        type="AWS::BedrockAgentCore::BrowserCustom",
        service=_CONTROL,
        listing=ApiCall(operation="ListBrowsers", fixed=_OWN, items="browserSummaries"),
        describe=(ApiCall(operation="GetBrowser", request={"browserId": "browserId"}),),
        name="{browserId}",
        arn="{browserArn}",
        camel=True,
        renames={
            "Recording": "RecordingConfig",
            "EnterprisePolicies[].Location.S3": "EnterprisePolicies[].Location",
            **_CERTIFICATE,
        },
    ),
    Collector(
        type="AWS::BedrockAgentCore::CodeInterpreterCustom",
        service=_CONTROL,
        listing=ApiCall(operation="ListCodeInterpreters", fixed=_OWN, items="codeInterpreterSummaries"),
        describe=(ApiCall(operation="GetCodeInterpreter", request={"codeInterpreterId": "codeInterpreterId"}),),
        name="{codeInterpreterId}",
        arn="{codeInterpreterArn}",
        camel=True,
        renames=_CERTIFICATE,
    ),
)
