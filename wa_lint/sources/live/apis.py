"""The collector table, for what leads from the internet to an endpoint: Lambda and both API Gateways. Data only."""

from __future__ import annotations

from wa_lint.sources.live.collector import ApiCall, Collector

_FUNCTION = {"FunctionName": "FunctionName"}

LAMBDA = (
    Collector(
        type="AWS::Lambda::Function",
        service="lambda",
        listing=ApiCall(operation="ListFunctions", items="Functions"),
        name="{FunctionName}",
        arn="{FunctionArn}",
        renames={
            "KMSKeyArn": "KmsKeyArn",
            "Layers[].Arn": "Layers[]",
            "ImageConfigResponse.ImageConfig": "ImageConfig",
        },
    ),
    Collector(
        type="AWS::Lambda::Url",
        service="lambda",
        parent="AWS::Lambda::Function",
        listing=ApiCall(operation="ListFunctionUrlConfigs", request=_FUNCTION, items="FunctionUrlConfigs"),
        name="{FunctionArn}",
        id="{FunctionUrl}",
        renames={"FunctionArn": "TargetFunctionArn"},
        elsewhere=("Qualifier",),
    ),
    Collector(
        type="AWS::Lambda::Permission",
        service="lambda",
        parent="AWS::Lambda::Function",
        listing=ApiCall(
            operation="GetPolicy",
            request=_FUNCTION,
            items="Policy.Statement",
            not_configured=("ResourceNotFoundException",),
        ),
        name="{Sid}",
        id="{Resource}?permission={Sid}",
        renames={
            "Resource": "FunctionName",
            "Principal.Service": "Principal",
            "Principal.AWS": "Principal",
            "Condition.ArnLike.AWS:SourceArn": "SourceArn",
            "Condition.StringEquals.AWS:SourceAccount": "SourceAccount",
            "Condition.StringEquals.aws:PrincipalOrgID": "PrincipalOrgID",
            "Condition.StringEquals.lambda:EventSourceToken": "EventSourceToken",
            "Condition.StringEquals.lambda:FunctionUrlAuthType": "FunctionUrlAuthType",
            "Condition.Bool.lambda:InvokedViaFunctionUrl": "InvokedViaFunctionUrl",
        },
    ),
    Collector(
        type="AWS::Lambda::Alias",
        service="lambda",
        parent="AWS::Lambda::Function",
        listing=ApiCall(operation="ListAliases", request=_FUNCTION, items="Aliases"),
        name="{Name}",
        arn="{AliasArn}",
        renames={
            "RoutingConfig.AdditionalVersionWeights{FunctionVersion/FunctionWeight}": (
                "RoutingConfig.AdditionalVersionWeights[]"
            )
        },
    ),
    Collector(
        type="AWS::Lambda::Version",
        service="lambda",
        parent="AWS::Lambda::Function",
        listing=ApiCall(operation="ListVersionsByFunction", request=_FUNCTION, items="Versions"),
        gone={"Version": "$LATEST"},  # that is the function itself
        name="{Version}",
        arn="{FunctionArn}",
    ),
    Collector(
        type="AWS::Lambda::EventSourceMapping",
        service="lambda",
        listing=ApiCall(operation="ListEventSourceMappings", items="EventSourceMappings"),
        name="{UUID}",
        arn="{EventSourceMappingArn}",
        renames={"UUID": "Id", "FunctionArn": "FunctionName", "KMSKeyArn": "KmsKeyArn"},
    ),
)

_REST = "AWS::ApiGateway::RestApi"
_REST_ARN = "arn:{partition}:apigateway:{region}::/restapis/"
_REST_ID = {"restApiId": "id"}
_GET = "apigateway:GET"

REST_API = (
    Collector(
        type=_REST,
        service="apigateway",
        listing=ApiCall(operation="GetRestApis", items="items", action=_GET),
        name="{id}",
        arn=_REST_ARN + "{id}",
        camel=True,
        user_maps=("Tags",),
        renames={"Id": "RestApiId", "ApiKeySource": "ApiKeySourceType"},
        documents=("Policy",),
        tag_maps=("Tags",),
        elsewhere=("Body", "BodyS3Location", "CloneFrom"),  # its resources and methods are listed
    ),
    Collector(
        type="AWS::ApiGateway::Resource",
        service="apigateway",
        parent=_REST,
        listing=ApiCall(
            operation="GetResources", request=_REST_ID, fixed={"embed": ["methods"]}, items="items", action=_GET
        ),
        name="{id}",
        arn=_REST_ARN + "{restApiId}/resources/{id}",
        camel=True,
        user_maps=("ResourceMethods",),
        renames={"Id": "ResourceId"},
        ignores=("ResourceMethods",),
        needs="parentId",
    ),
    Collector(
        type="AWS::ApiGateway::Method",
        service="apigateway",
        parent="AWS::ApiGateway::Resource",
        listing=None,
        inside="resourceMethods",
        inside_key="httpMethod",
        inherits=("restApiId", "id=resourceId", "path"),
        describe=(
            ApiCall(
                operation="GetMethod",
                request={"restApiId": "restApiId", "resourceId": "resourceId", "httpMethod": "httpMethod"},
                unless="authorizationType",
                action=_GET,
            ),
        ),
        name="{resourceId}/{httpMethod}",
        arn=_REST_ARN + "{restApiId}/resources/{resourceId}/methods/{httpMethod}",
        camel=True,
        user_maps=(
            "RequestParameters",
            "RequestModels",
            "MethodResponses",
            "MethodResponses{}.ResponseParameters",
            "MethodResponses{}.ResponseModels",
            "MethodIntegration.RequestParameters",
            "MethodIntegration.RequestTemplates",
            "MethodIntegration.IntegrationResponses",
            "MethodIntegration.IntegrationResponses{}.ResponseParameters",
            "MethodIntegration.IntegrationResponses{}.ResponseTemplates",
        ),
        renames={
            "MethodIntegration": "Integration",
            "Integration.HttpMethod": "Integration.IntegrationHttpMethod",
            "Integration.IntegrationResponses{StatusCode}": "Integration.IntegrationResponses[]",
            "MethodResponses{StatusCode}": "MethodResponses[]",
        },
    ),
    Collector(
        type="AWS::ApiGateway::Stage",
        service="apigateway",
        parent=_REST,
        listing=ApiCall(operation="GetStages", request=_REST_ID, items="item", action=_GET),
        name="{stageName}",
        arn=_REST_ARN + "{restApiId}/stages/{stageName}",
        camel=True,
        user_maps=("MethodSettings", "Variables", "CanarySettings.StageVariableOverrides", "Tags"),
        renames={
            "AccessLogSettings": "AccessLogSetting",
            "CanarySettings": "CanarySetting",
            "MethodSettings{ResourcePath/HttpMethod}": "MethodSettings[]",
        },
        tag_maps=("Tags",),
    ),
    Collector(
        type="AWS::ApiGateway::Authorizer",
        service="apigateway",
        parent=_REST,
        listing=ApiCall(operation="GetAuthorizers", request=_REST_ID, items="items", action=_GET),
        name="{id}",
        arn=_REST_ARN + "{restApiId}/authorizers/{id}",
        camel=True,
        renames={"Id": "AuthorizerId"},
    ),
)

_HTTP = "AWS::ApiGatewayV2::Api"
_HTTP_ARN = "arn:{partition}:apigateway:{region}::/apis/{ApiId}"


def _http(word: str, key: str) -> Collector:
    """A part of an HTTP or WebSocket API: one listing by ApiId says everything."""
    return Collector(
        type=f"AWS::ApiGatewayV2::{word}",
        service="apigatewayv2",
        parent=_HTTP,
        listing=ApiCall(operation=f"Get{word}s", request={"ApiId": "ApiId"}, items="Items", action=_GET),
        name=f"{{{key}}}",
        arn=f"{_HTTP_ARN}/{word.lower()}s/{{{key}}}",
    )


HTTP_API = (
    Collector(
        type=_HTTP,
        service="apigatewayv2",
        listing=ApiCall(operation="GetApis", items="Items", action=_GET),
        name="{ApiId}",
        arn=_HTTP_ARN,
        elsewhere=("Body", "BodyS3Location", "CredentialsArn", "RouteKey", "Target"),  # its routes are listed
    ),
    _http("Route", "RouteId"),
    _http("Integration", "IntegrationId"),
    _http("Stage", "StageName"),
    _http("Authorizer", "AuthorizerId"),
)
