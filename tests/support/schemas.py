"""The published schemas of Kubernetes' objects, strict: a field that they do not know is an error.

They come with `kubernetes-validate`, which reads megabytes of them for each object; here each is read once.
"""

import re
from functools import lru_cache
from typing import Any

import jsonschema
from kubernetes_validate import utils
from referencing import Registry, Resource

NEWEST = "1.37.0"
OLDEST = "1.30.0"  # has what ours use: a preStop that sleeps


@lru_cache
def _definitions(version: str) -> Any:
    return Resource.from_contents(utils.schema_contents(f"{_folder(version)}/_definitions.json", version))


def _folder(version: str) -> str:
    return f"kubernetes-json-schema/v{version}-local-strict"


@lru_cache
def _validator(version: str, kind: str, api_version: str) -> Any:
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    name = f"{kind.lower()}-{group}.json"
    schema = utils.schema_contents(f"{_folder(version)}/{name}", version)
    registry = _definitions(version) @ (Resource.from_contents(schema) @ Registry())
    return jsonschema.validators.Draft202012Validator(schema, registry=registry)


def check_schema(item: dict[str, Any], version: str = NEWEST) -> None:
    """Hold an object against its schema. Raises: jsonschema.ValidationError."""
    _validator(version, item["kind"], item["apiVersion"]).validate(item)
