"""The jobs that a definition will start: steps of a SageMaker pipeline, tasks of a Step Functions state machine.

Pure functions of a definition, whatever source it came from. Who reads a template or an account hands it in.
"""

from wa_lint.sources.jobs.job import Branches, Job, Node, Unseen, as_resource
from wa_lint.sources.jobs.jobs_in_snapshot import jobs_beside, with_jobs
from wa_lint.sources.jobs.machine import jobs_in_machine
from wa_lint.sources.jobs.pipeline import jobs_in_pipeline

__all__ = [
    "Branches",
    "Job",
    "Node",
    "Unseen",
    "as_resource",
    "jobs_beside",
    "jobs_in_machine",
    "jobs_in_pipeline",
    "with_jobs",
]
