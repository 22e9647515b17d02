"""What a lab may say about the pod of a job, where jobs run on Kubernetes. Pure.

Guarantees that only these fields go on, each checked: there is no field for a patch, a template or "the rest".
"""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

# Neither can begin with '-', hold a space, or leave the place where it is put.
_IMAGE = re.compile(r"[A-Za-z0-9]+([._/:@-]{1,2}[A-Za-z0-9]+)*")
_LABEL = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


class PodEnvironment(BaseModel):
    """The pod of a job where jobs run on Kubernetes; what is left out is as the server's settings say."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)

    image: Annotated[str, Field(max_length=500)] = Field(default="", description="Any that has Python 3.10 or newer")
    cpus: Annotated[float, Field(ge=0, le=1024)] = 0
    memory_mb: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    node_selector: Annotated[dict[str, str], Field(max_length=20)] = Field(
        default={}, description="Labels that the node must have; the server's settings list which may be asked for"
    )
    volumes: Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=20)] = Field(
        default=[], description="Names of volumes from the list in the server's settings"
    )
    retries: Annotated[int, Field(ge=0, le=10)] = Field(default=0, description="How often a failed job is started anew")

    @field_validator("image")
    @classmethod
    def _check_image(cls, image: str) -> str:
        if image and not _IMAGE.fullmatch(image):
            msg = "must be the name of an image: registry/name:tag"
            raise ValueError(msg)
        return image

    @field_validator("node_selector")
    @classmethod
    def _check_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        for name, value in labels.items():
            if not _LABEL.fullmatch(name) or not _LABEL_VALUE.fullmatch(value):
                msg = f"{name[:100]!r} with {value[:100]!r} cannot be the label of a node"
                raise ValueError(msg)
        return labels

    @field_validator("volumes")
    @classmethod
    def _check_volumes(cls, volumes: list[str]) -> list[str]:
        if len(set(volumes)) != len(volumes):
            msg = "must not name a volume twice"
            raise ValueError(msg)
        return volumes
