"""The committed OpenAPI documents are what the apps emit; every route says which errors it answers with."""

import json
from pathlib import Path

import pytest

from ingest_api.main import create_app as create_ingest_api
from ingest_api.settings import IngestApiSettings
from track_api.main import create_app as create_track_api
from track_api.settings import TrackApiSettings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("folder", "emitted"),
    [
        ("track-api", lambda: create_track_api(TrackApiSettings.model_construct()).openapi()),
        ("ingest-api", lambda: create_ingest_api(IngestApiSettings.model_construct()).openapi()),
    ],
)
def test_committed_documents_are_current(folder: str, emitted: object) -> None:
    document = emitted()  # type: ignore[operator]
    committed = json.loads((ROOT / folder / "openapi.json").read_text())
    assert committed == document, "run `make openapi client-types`"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path != "/api/v3/config":
                assert {"401", "403", "404", "409"} & set(operation["responses"]), f"{method} {path} names no error"
