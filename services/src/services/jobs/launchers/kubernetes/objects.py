"""From an order and the settings to the objects that the cluster is given. Pure.

Called by launcher.py. Guarantees that a pod holds nothing but what these lines write: what a lab may ask for was
checked field by field, what it may not is refused here with a sentence, and no secret is in the Job.
"""

import json
import math
from collections.abc import Iterable, Mapping
from uuid import UUID

from lightkube.models.batch_v1 import JobSpec as KubeJobSpec
from lightkube.models.core_v1 import (
    Capabilities,
    Container,
    EmptyDirVolumeSource,
    EnvVar,
    EnvVarSource,
    KeyToPath,
    LocalObjectReference,
    PersistentVolumeClaimVolumeSource,
    PodSecurityContext,
    PodSpec,
    PodTemplateSpec,
    ResourceRequirements,
    SeccompProfile,
    SecretKeySelector,
    SecretVolumeSource,
    SecurityContext,
    Toleration,
    Volume,
    VolumeMount,
)
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Secret

from services.jobs.definition import Allowed
from services.jobs.launchers import plan
from services.jobs.launchers.kubernetes import allowed
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.jobs.launchers.launcher import LaunchFailed, Order
from services.jobs.launchers.plan import GIT_TOKEN

MANAGED_BY = "mlsteam-runner"
JOB_LABEL = "track.mlsteam.io/job"
RUNNER_LABEL = "track.mlsteam.io/runner"
STOP_ANNOTATION = "track.mlsteam.io/stop-asked-at"
COMMAND_CONTAINER = "command"
# What the agent may take to send the rest, after the command has been killed.
DRAIN_S = 20
_IMAGE_FOLDER, _AGENT_FOLDER, _WORK_FOLDER, _PLAN_FOLDER = "/opt/mlsteam", "/mlsteam", "/work", "/mlsteam-plan"
_CODE_FOLDER = f"{_WORK_FOLDER}/code"
_AGENT_PLAN, _CODE_PLAN = "agent.json", "code.json"
_GIT_VARIABLES = frozenset({GIT_TOKEN, "GIT_USER"})
_TOKEN = "MLSTEAM_API_TOKEN"  # noqa: S105 (a name)
# A Secret holds 1 MiB.
_MAX_SECRET_BYTES = 1_000_000
_PREFIX = "track-job-"
_MOUNTS = [
    VolumeMount(name="plan", mountPath=_PLAN_FOLDER, readOnly=True),
    VolumeMount(name="work", mountPath=_WORK_FOLDER),
    VolumeMount(name="work", mountPath="/tmp", subPath="tmp"),  # noqa: S108 (the pod's)
]
_SMALL = ResourceRequirements(
    requests={"cpu": "100m", "memory": "256Mi"}, limits={"memory": "256Mi", "ephemeral-storage": "1Gi"}
)


def name_of(job_id: UUID) -> str:
    """Name a job's Job and Secret: the same each time, so that one is never made twice."""
    return f"{_PREFIX}{job_id}"


def job_of_name(name: str) -> UUID | None:
    """Return the job that a Job, or one of its pods, is named after."""
    try:
        return UUID(name.removeprefix(_PREFIX)[:36]) if name.startswith(_PREFIX) else None
    except ValueError:
        return None


def literal(text: str) -> str:
    """Write a text so that the cluster, which replaces `$(NAME)` in commands and variables, gives it back as it was."""
    return text.replace("$", "$$")


def build_job(order: Order, settings: KubernetesSettings, runner_id: UUID) -> Job:
    """Make the Job, asleep until its Secret is there. Raises: LaunchFailed."""
    pod, name = order.spec.environment.pod, name_of(order.job_id)
    labels = {
        "app.kubernetes.io/name": "track-job",
        "app.kubernetes.io/managed-by": MANAGED_BY,
        JOB_LABEL: str(order.job_id),
        RUNNER_LABEL: str(runner_id),
    }
    annotations = {
        "track.mlsteam.io/track": str(order.track_id),
        "track.mlsteam.io/project": order.project,
        "track.mlsteam.io/user": order.user,
    }
    metadata = ObjectMeta(name=name, namespace=settings.namespace, labels=labels, annotations=annotations)
    template = PodTemplateSpec(metadata=ObjectMeta(labels=labels, annotations=annotations), spec=_pod(order, settings))
    spec = KubeJobSpec(
        template=template,
        suspend=True,
        backoffLimit=pod.retries,
        completions=1,
        parallelism=1,
        # Two pods of one job at once would both log to its track.
        podReplacementPolicy="Failed",
        ttlSecondsAfterFinished=settings.keep_s,
    )
    return Job(apiVersion="batch/v1", kind="Job", metadata=metadata, spec=spec)


def build_secret(order: Order, job: Job, allow: Allowed) -> Secret:
    """Make the Secret with token, secrets and plans; it goes when its Job goes. Raises: LaunchFailed."""
    meta = job.metadata
    if meta is None or meta.name is None or meta.uid is None:
        msg = "the Job must have been created"
        raise ValueError(msg)
    values = {**_secrets(order), **_plans(order, allow)}
    if sum(len(text.encode()) for text in values.values()) > _MAX_SECRET_BYTES:
        raise LaunchFailed("Command, actions, parameters and secrets are too large for Kubernetes: 1 MB together.")
    owner = OwnerReference(
        apiVersion="batch/v1", kind="Job", name=meta.name, uid=meta.uid, controller=True, blockOwnerDeletion=False
    )
    return Secret(
        apiVersion="v1",
        kind="Secret",
        metadata=ObjectMeta(name=meta.name, namespace=meta.namespace, labels=meta.labels, ownerReferences=[owner]),
        type="Opaque",
        immutable=True,
        stringData=values,
    )


def _secrets(order: Order) -> dict[str, str]:
    return {**order.secrets, _TOKEN: order.token}


def _plans(order: Order, allow: Allowed) -> dict[str, str]:
    prepare = ["python3", f"{_AGENT_FOLDER}/prepare.py"]
    archive = f"{_WORK_FOLDER}/code.archive"
    agent = plan.agent_plan(order.spec, prepare=prepare, code_dir=_CODE_FOLDER, allowed=allow)
    code = plan.prepare_plan(order, target=_CODE_FOLDER, archive=archive, allowed=allow)
    return {_AGENT_PLAN: json.dumps(agent), _CODE_PLAN: json.dumps(dict(code))}


def _pod(order: Order, settings: KubernetesSettings) -> PodSpec:
    asked, user = order.spec.environment.pod, settings.user_id
    gpu_nodes = [Toleration(key=settings.gpu_resource, operator="Exists", effect="NoSchedule")]
    return PodSpec(
        restartPolicy="Never",
        automountServiceAccountToken=False,
        enableServiceLinks=False,
        terminationGracePeriodSeconds=math.ceil(order.spec.limits.grace_s) + DRAIN_S,
        securityContext=PodSecurityContext(
            runAsNonRoot=True,
            runAsUser=user,
            runAsGroup=user,
            fsGroup=user,
            # A dataset of millions of files is not walked through at each start.
            fsGroupChangePolicy="OnRootMismatch",
            seccompProfile=SeccompProfile(type="RuntimeDefault"),
        ),
        initContainers=[_agent(settings), _code(order, settings)],
        containers=[_command(order, settings)],
        volumes=_volumes(order, settings),
        nodeSelector=allowed.node_selector(asked, settings) or None,
        tolerations=gpu_nodes if asked.gpus else None,
        imagePullSecrets=[LocalObjectReference(name=name) for name in settings.pull_secrets] or None,
        priorityClassName=settings.priority_class or None,
    )


def _agent(settings: KubernetesSettings) -> Container:
    """The agent comes into the pod, so that the command's image needs nothing but Python."""
    return Container(
        name="agent",
        image=settings.agent_image,
        imagePullPolicy=settings.pull_policy,
        command=["/bin/cp", "-R", f"{_IMAGE_FOLDER}/.", _AGENT_FOLDER],
        securityContext=_confined(),
        resources=_SMALL,
        volumeMounts=[VolumeMount(name="agent", mountPath=_AGENT_FOLDER)],
    )


def _code(order: Order, settings: KubernetesSettings) -> Container:
    """The code comes by the agent's image, which has git, and before the command's secrets are anywhere near it."""
    named = _GIT_VARIABLES | {_TOKEN}
    told = {"HOME": f"{_WORK_FOLDER}/home", "MLSTEAM_BACKEND": order.backend, "MLSTEAM_TRACK_ID": str(order.track_id)}
    return Container(
        name="code",
        image=settings.agent_image,
        imagePullPolicy=settings.pull_policy,
        command=["python3", f"{_IMAGE_FOLDER}/fetch.py", f"{_PLAN_FOLDER}/{_CODE_PLAN}"],
        workingDir=_WORK_FOLDER,
        env=_variables(order, told, [name for name in _secrets(order) if name in named]),
        securityContext=_confined(),
        # It may take what the command will have anyway: git needs memory for a large repository.
        resources=_resources(order, settings, gpus=0),
        # Its last line says why the code cannot be had.
        terminationMessagePolicy="FallbackToLogsOnError",
        volumeMounts=_MOUNTS,
    )


def _variables(order: Order, told: Mapping[str, str], secret: Iterable[str]) -> list[EnvVar]:
    where = name_of(order.job_id)
    return [
        *(EnvVar(name=name, value=literal(value)) for name, value in told.items()),
        *(
            EnvVar(name=name, valueFrom=EnvVarSource(secretKeyRef=SecretKeySelector(name=where, key=name)))
            for name in secret
        ),
    ]


def _command(order: Order, settings: KubernetesSettings) -> Container:
    secrets = _secrets(order)
    given = plan.variables(order, spool_dir=f"{_WORK_FOLDER}/spool")
    told = {name: value for name, value in given.items() if name not in secrets}
    told |= {"HOME": f"{_WORK_FOLDER}/home", "LANG": "C.UTF-8", "MLSTEAM_GRACE_S": str(order.spec.limits.grace_s)}
    return Container(
        name=COMMAND_CONTAINER,
        image=allowed.image(order.spec.environment.pod, settings),
        imagePullPolicy=settings.pull_policy,
        command=["python3", f"{_AGENT_FOLDER}/start.py", f"{_PLAN_FOLDER}/{_AGENT_PLAN}", "agent"],
        workingDir=_CODE_FOLDER,
        env=_variables(order, told, secrets),
        securityContext=_confined(),
        resources=_resources(order, settings, gpus=order.spec.environment.pod.gpus),
        terminationMessagePolicy="FallbackToLogsOnError",
        volumeMounts=[
            *_MOUNTS,
            VolumeMount(name="agent", mountPath=_AGENT_FOLDER, readOnly=True),
            VolumeMount(name="shm", mountPath="/dev/shm"),  # noqa: S108 (the pod's)
            *(
                VolumeMount(name=f"volume-{name}", mountPath=volume.path, readOnly=volume.read_only)
                for name, volume in allowed.volumes(order.spec.environment.pod, settings).items()
            ),
        ],
    )


def _confined() -> SecurityContext:
    return SecurityContext(
        allowPrivilegeEscalation=False,
        privileged=False,
        readOnlyRootFilesystem=True,
        runAsNonRoot=True,
        capabilities=Capabilities(drop=["ALL"]),
    )


def _memory_mb(order: Order, settings: KubernetesSettings) -> int:
    spec = order.spec
    return spec.environment.pod.memory_mb or spec.limits.memory_mb or settings.memory_mb


def _resources(order: Order, settings: KubernetesSettings, *, gpus: int) -> ResourceRequirements:
    asked = order.spec.environment.pod
    cpus, memory = f"{round((asked.cpus or settings.cpus) * 1000)}m", f"{_memory_mb(order, settings)}Mi"
    devices = {settings.gpu_resource: str(gpus)} if gpus else {}
    disk = {"ephemeral-storage": f"{settings.disk_mb}Mi"}
    # No limit of CPU: what is idle may be used, and a throttled data loader only keeps a GPU waiting.
    return ResourceRequirements(
        requests={"cpu": cpus, "memory": memory, **devices}, limits={"memory": memory, **disk, **devices}
    )


def _volumes(order: Order, settings: KubernetesSettings) -> list[Volume]:
    shared = f"{max(64, _memory_mb(order, settings) // 2)}Mi"
    return [
        Volume(name="agent", emptyDir=EmptyDirVolumeSource(sizeLimit="1Gi")),
        Volume(
            name="plan",
            secret=SecretVolumeSource(
                secretName=name_of(order.job_id),
                defaultMode=0o440,
                items=[KeyToPath(key=name, path=name) for name in (_AGENT_PLAN, _CODE_PLAN)],
            ),
        ),
        Volume(name="work", emptyDir=EmptyDirVolumeSource(sizeLimit=f"{settings.disk_mb}Mi")),
        # Data loaders pass batches through it; counted as memory of the pod.
        Volume(name="shm", emptyDir=EmptyDirVolumeSource(medium="Memory", sizeLimit=shared)),
        *(
            Volume(
                name=f"volume-{name}",
                persistentVolumeClaim=PersistentVolumeClaimVolumeSource(
                    claimName=volume.claim, readOnly=volume.read_only
                ),
            )
            for name, volume in allowed.volumes(order.spec.environment.pod, settings).items()
        ),
    ]
