"""The facts and functions that rules may use: two tables. What they compute is in the modules beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wa_lint.cel.types import Function
from wa_lint.facts import (
    alarms,
    alternatives,
    api_stages,
    bucket,
    bucket_access,
    budgets,
    catalogue,
    cost,
    deployers,
    exposure,
    foundation_models,
    iam,
    identity,
    images,
    jobs,
    lookalikes,
    ml_grants,
    ml_uses,
    monitors,
    network,
    notebook,
    pipeline_cost,
    public_policies,
    quotas,
    repositories,
    scaling,
    scopes,
    scripts,
    serving,
    steps,
    stores,
    studio,
    studio_users,
    throughput,
    traffic,
    utilisation,
    variables,
    vector_stores,
    zones,
)
from wa_lint.facts import kms_keys as keys
from wa_lint.facts.fact import Fact

FACTS: Final[tuple[Fact, ...]] = (
    *iam.FACTS,
    *identity.FACTS,
    *exposure.FACTS,
    *api_stages.FACTS,
    *foundation_models.FACTS,
    *bucket.FACTS,
    *bucket_access.FACTS,
    *ml_grants.FACTS,
    *ml_uses.FACTS,
    *public_policies.FACTS,
    *images.FACTS,
    *jobs.FACTS,
    *network.FACTS,
    *notebook.FACTS,
    *repositories.FACTS,
    *alarms.FACTS,
    *scaling.FACTS,
    *scopes.FACTS,
    *scripts.FACTS,
    *studio_users.FACTS,
    *serving.FACTS,
    *quotas.FACTS,
    *traffic.FACTS,
    *variables.FACTS,
    *throughput.FACTS,
    *lookalikes.FACTS,
    *utilisation.FACTS,
    *alternatives.FACTS,
    *stores.FACTS,
    *steps.FACTS,
    *deployers.FACTS,
    *monitors.FACTS,
    *studio.FACTS,
    *budgets.FACTS,
    *zones.FACTS,
    *cost.FACTS,
    *pipeline_cost.FACTS,
    *vector_stores.FACTS,
)

FUNCTIONS: Final[Mapping[str, Function]] = {
    f.name: f for module in (iam, keys, catalogue, images, studio_users, variables) for f in module.FUNCTIONS
}

__all__ = ["FACTS", "FUNCTIONS", "Fact"]
