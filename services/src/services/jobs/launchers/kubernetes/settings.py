"""Settings of the Kubernetes launcher: where jobs run, and what a lab may ask of a pod."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# Folders of the pod that are ours.
_TAKEN = ("/mlsteam", "/work", "/tmp", "/dev", "/proc", "/sys", "/etc", "/usr", "/bin", "/lib")  # noqa: S108 (names, not files)
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class VolumeSettings(BaseModel):
    """A volume that labs may ask for by its name."""

    model_config = ConfigDict(extra="forbid")

    claim: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
    path: str = Field(description="Where the pod finds it")
    read_only: bool = True

    @field_validator("path")
    @classmethod
    def _check(cls, path: str) -> str:
        where = PurePosixPath(path)
        if not where.is_absolute() or ".." in where.parts or len(where.parts) < 2 or ":" in path:
            msg = "must be absolute, without '..' and ':'"
            raise ValueError(msg)
        if any(where.is_relative_to(taken) for taken in _TAKEN):
            msg = f"must not be in {', '.join(_TAKEN)}"
            raise ValueError(msg)
        return str(where)


class KubernetesSettings(BaseSettings):
    """Read once by the runner."""

    model_config = SettingsConfigDict(env_prefix="MLSTEAM_KUBERNETES_", extra="ignore", frozen=True)

    namespace: Name = Field(default="mlsteam-jobs", description="The namespace of the jobs' pods and of nothing else")
    cluster: str = Field(default="", description="A name for the cluster, where runners of several share a database")
    max_jobs: int = Field(default=100, ge=1, le=100_000, description="Jobs that may be on the cluster at once")
    agent_image: str = Field(description="The image of deploy/images/agent, from which the agent gets into every pod")
    image: str = Field(default="", description="The image of labs that name none; empty: each must name one")
    allowed_images: tuple[str, ...] = Field(
        default=(), description='How names of images may begin, as JSON: ["registry.example.org/"]; empty: any image'
    )
    pull_policy: str = Field(
        default="IfNotPresent", pattern="^(Always|IfNotPresent|Never)$", description="When images are pulled"
    )
    pull_secrets: tuple[Name, ...] = Field(default=(), description="Names of Secrets to pull images with, as JSON")
    user_id: int = Field(default=1000, ge=1, le=2**31 - 1, description="The user and group that commands run as")
    cpus: float = Field(default=1, gt=0, le=1024, description="CPUs of jobs that ask for none")
    memory_mb: int = Field(default=2048, ge=64, description="Memory of jobs that ask for none, in MiB")
    disk_mb: int = Field(default=20_480, ge=64, description="Disk that a job may fill, in MiB")
    gpu_resource: str = Field(default="nvidia.com/gpu", description="What the cluster calls a GPU")
    node_labels: tuple[str, ...] = Field(default=(), description="Labels of nodes that labs may ask for, as JSON")
    volumes: dict[Name, VolumeSettings] = Field(
        default={}, description='Volumes that labs may ask for: {"name": {"claim", "path", "read_only"}}'
    )
    priority_class: str = Field(default="", description="The priority class of the pods")
    keep_s: int = Field(default=86_400, ge=60, description="When the cluster removes an ended job by itself")
