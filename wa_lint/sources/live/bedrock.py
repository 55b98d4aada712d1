"""The collector table, for Amazon Bedrock: agents, guardrails, knowledge bases, models, their logging. Data only.

What others name by its id has that for a name. CloudFormation has no type for six: `AWS::Bedrock::CustomModel` has
the properties of the CreateModelCustomizationJob request that makes one, `AWS::Bedrock::ProvisionedModelThroughput`
and the three kinds of jobs those of their Create requests, and
`AWS::Bedrock::ModelInvocationLoggingConfiguration` those of the PutModelInvocationLoggingConfiguration request. A
region always has one of the last: without LoggingConfig, nothing is logged.
"""

from __future__ import annotations

from collections.abc import Mapping

from wa_lint.sources.live.collector import ApiCall, Collector

_BEDROCK_ARN = "arn:{partition}:bedrock:{region}:{account}:"
_DRAFT = {"agentVersion": "DRAFT"}
"""The version that CloudFormation's Agent describes, as does GetAgent."""

_AGENT = {"agentId": "agentId"}
_KNOWLEDGE_BASE = {"knowledgeBaseId": "knowledgeBaseId"}
_INTERMEDIATE = "VectorIngestionConfiguration.CustomTransformationConfiguration.IntermediateStorage.S3Location"


def _below(old: str, new: str, members: Mapping[str, str]) -> dict[str, str]:
    return {f"{old}.{name}": f"{new}.{renamed}" for name, renamed in members.items()}


def _embedding(kind: str) -> str:
    holder = f"KnowledgeBaseConfiguration.{kind}KnowledgeBaseConfiguration.EmbeddingModelConfiguration"
    return f"{holder}.BedrockEmbeddingModelConfiguration"


def _supplement(kind: str) -> dict[str, str]:
    """Where a knowledge base keeps the images of its documents."""
    holder = f"KnowledgeBaseConfiguration.{kind}KnowledgeBaseConfiguration.SupplementalDataStorageConfiguration"
    locations = f"{holder}.SupplementalDataStorageLocations"
    return {
        f"{holder}.StorageLocations": locations,
        f"{locations}[].Type": f"{locations}[].SupplementalDataStorageLocationType",
        f"{locations}[].S3Location.Uri": f"{locations}[].S3Location.URI",
    }


_AGENTS = (
    Collector(
        type="AWS::Bedrock::Agent",
        service="bedrock-agent",
        listing=ApiCall(operation="ListAgents", items="agentSummaries"),
        describe=(
            ApiCall(operation="GetAgent", request=_AGENT, within="agent"),
            ApiCall(
                operation="ListAgentActionGroups",
                request=_AGENT,
                fixed=_DRAFT,
                items="actionGroupSummaries",
                into="ActionGroups",
                fills=("ActionGroups",),
            ),
            ApiCall(
                operation="ListAgentKnowledgeBases",
                request=_AGENT,
                fixed=_DRAFT,
                items="agentKnowledgeBaseSummaries",
                into="KnowledgeBases",
                fills=("KnowledgeBases",),
            ),
        ),
        name="{agentId}",
        arn="{agentArn}",
        camel=True,
        user_maps=("PromptOverrideConfiguration.PromptConfigurations[].AdditionalModelRequestFields{**}",),
    ),
    Collector(
        type="AWS::Bedrock::AgentAlias",
        service="bedrock-agent",
        parent="AWS::Bedrock::Agent",
        listing=ApiCall(operation="ListAgentAliases", request=_AGENT, items="agentAliasSummaries"),
        name="{agentAliasName}",
        arn=_BEDROCK_ARN + "agent-alias/{agentId}/{agentAliasId}",
        camel=True,
    ),
)

_GUARDRAIL = Collector(
    type="AWS::Bedrock::Guardrail",
    service="bedrock",
    listing=ApiCall(operation="ListGuardrails", items="guardrails"),
    describe=(ApiCall(operation="GetGuardrail", request={"guardrailIdentifier": "id"}),),
    name="{id}",
    arn="{arn}",
    camel=True,
    renames={
        **_below("TopicPolicy", "TopicPolicyConfig", {"Topics": "TopicsConfig", "Tier": "TopicsTierConfig"}),
        **_below(
            "ContentPolicy", "ContentPolicyConfig", {"Filters": "FiltersConfig", "Tier": "ContentFiltersTierConfig"}
        ),
        **_below(
            "WordPolicy", "WordPolicyConfig", {"Words": "WordsConfig", "ManagedWordLists": "ManagedWordListsConfig"}
        ),
        **_below(
            "SensitiveInformationPolicy",
            "SensitiveInformationPolicyConfig",
            {"PiiEntities": "PiiEntitiesConfig", "Regexes": "RegexesConfig"},
        ),
        "ContextualGroundingPolicy.Filters": "ContextualGroundingPolicyConfig.FiltersConfig",
        "AutomatedReasoningPolicy": "AutomatedReasoningPolicyConfig",
        "CrossRegionDetails.GuardrailProfileArn": "CrossRegionConfig.GuardrailProfileArn",
    },
    ignores=("Arn", "Id"),
)

_KNOWLEDGE = (
    Collector(
        type="AWS::Bedrock::KnowledgeBase",
        service="bedrock-agent",
        listing=ApiCall(operation="ListKnowledgeBases", items="knowledgeBaseSummaries"),
        describe=(ApiCall(operation="GetKnowledgeBase", request=_KNOWLEDGE_BASE, within="knowledgeBase"),),
        name="{knowledgeBaseId}",
        arn=_BEDROCK_ARN + "knowledge-base/{knowledgeBaseId}",
        camel=True,
        user_maps=tuple(f"{_embedding(kind)}.ModelConfiguration{{**}}" for kind in ("Managed", "Vector")),
        renames={**_supplement("Managed"), **_supplement("Vector")},
    ),
    Collector(
        type="AWS::Bedrock::DataSource",
        service="bedrock-agent",
        parent="AWS::Bedrock::KnowledgeBase",
        listing=ApiCall(operation="ListDataSources", request=_KNOWLEDGE_BASE, items="dataSourceSummaries"),
        describe=(
            ApiCall(
                operation="GetDataSource",
                request={**_KNOWLEDGE_BASE, "dataSourceId": "dataSourceId"},
                within="dataSource",
            ),
        ),
        name="{name}",
        id=_BEDROCK_ARN + "knowledge-base/{knowledgeBaseId}/data-source/{dataSourceId}",
        camel=True,
        user_maps=("DataSourceConfiguration.ManagedKnowledgeBaseConnectorConfiguration.ConnectorParameters{**}",),
        renames={"Status": "DataSourceStatus", f"{_INTERMEDIATE}.Uri": f"{_INTERMEDIATE}.URI"},
    ),
)

_FILTERED = "TrainingDataConfig.InvocationLogsConfig.RequestMetadataFilters."
_FILTERS = tuple(
    f"{_FILTERED}{group}{match}" for group in ("", "AndAll[].", "OrAll[].") for match in ("Equals", "NotEquals")
)

_MODELS = (
    Collector(
        type="AWS::Bedrock::CustomModel",
        service="bedrock",
        listing=ApiCall(operation="ListCustomModels", fixed={"isOwned": True}, items="modelSummaries"),
        describe=(ApiCall(operation="GetCustomModel", request={"modelIdentifier": "modelArn"}),),
        name="{modelName}",
        arn="{modelArn}",
        camel=True,
        user_maps=("HyperParameters", *_FILTERS),
        renames={
            "ModelName": "CustomModelName",
            "ModelKmsKeyArn": "CustomModelKmsKeyId",
            "BaseModelArn": "BaseModelIdentifier",
        },
    ),
    Collector(
        type="AWS::Bedrock::ProvisionedModelThroughput",
        service="bedrock",
        listing=ApiCall(operation="ListProvisionedModelThroughputs", items="provisionedModelSummaries"),
        name="{provisionedModelName}",
        arn="{provisionedModelArn}",
        camel=True,
        renames={"ModelArn": "ModelId"},
    ),
    Collector(
        type="AWS::Bedrock::ModelInvocationLoggingConfiguration",
        service="bedrock",
        listing=ApiCall(operation="GetModelInvocationLoggingConfiguration"),
        name="model-invocation-logging",
        id="{account}/{region}/model-invocation-logging",
        camel=True,
    ),
    Collector(
        type="AWS::Bedrock::ModelCustomizationJob",
        service="bedrock",
        listing=ApiCall(operation="ListModelCustomizationJobs", items="modelCustomizationJobSummaries"),
        describe=(ApiCall(operation="GetModelCustomizationJob", request={"jobIdentifier": "jobArn"}),),
        name="{jobName}",
        arn="{jobArn}",
        camel=True,
        user_maps=("HyperParameters", *_FILTERS),
        renames={
            "OutputModelKmsKeyArn": "CustomModelKmsKeyId",
            "BaseModelArn": "BaseModelIdentifier",
            "OutputModelName": "CustomModelName",
        },
        ignores=("CustomModelName",),
    ),
    Collector(
        type="AWS::Bedrock::ModelImportJob",
        service="bedrock",
        listing=ApiCall(operation="ListModelImportJobs", items="modelImportJobSummaries"),
        describe=(ApiCall(operation="GetModelImportJob", request={"jobIdentifier": "jobArn"}),),
        name="{jobName}",
        arn="{jobArn}",
        camel=True,
        renames={"ImportedModelKmsKeyArn": "ImportedModelKmsKeyId"},
    ),
    Collector(
        type="AWS::Bedrock::ModelInvocationJob",
        service="bedrock",
        listing=ApiCall(operation="ListModelInvocationJobs", items="invocationJobSummaries"),
        name="{jobName}",
        arn="{jobArn}",
        camel=True,
    ),
)

_NODE = "Definition.Nodes[].Configuration"
_OF_KNOWLEDGE_NODE = tuple(
    f"{_NODE}.KnowledgeBase.{holder}.AdditionalModelRequestFields"
    for holder in (
        "OrchestrationConfiguration",
        "RerankingConfiguration.BedrockRerankingConfiguration.ModelConfiguration",
    )
)

_FLOWS = (
    Collector(
        type="AWS::Bedrock::Flow",
        service="bedrock-agent",
        listing=ApiCall(operation="ListFlows", items="flowSummaries"),
        describe=(ApiCall(operation="GetFlow", request={"flowIdentifier": "id"}),),
        name="{id}",
        arn="{arn}",
        camel=True,
        user_maps=(
            f"{_NODE}.Prompt.SourceConfiguration.Inline.AdditionalModelRequestFields{{**}}",
            *(f"{path}{rest}" for path in _OF_KNOWLEDGE_NODE for rest in ("", "{}{**}")),
        ),
    ),
    Collector(
        type="AWS::Bedrock::Prompt",
        service="bedrock-agent",
        listing=ApiCall(operation="ListPrompts", items="promptSummaries"),
        describe=(ApiCall(operation="GetPrompt", request={"promptIdentifier": "id"}),),
        name="{id}",
        arn="{arn}",
        camel=True,
        user_maps=(
            "Variants[].AdditionalModelRequestFields{**}",
            "Variants[].TemplateConfiguration.Chat.ToolConfiguration.Tools[].ToolSpec.InputSchema.Json{**}",
        ),
    ),
)

BEDROCK = (*_AGENTS, _GUARDRAIL, *_KNOWLEDGE, *_MODELS, *_FLOWS)
