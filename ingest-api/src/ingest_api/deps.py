"""Short names for what routes take."""

from typing import Annotated

from fastapi import Depends, Request

from ingest_api.resources import Resources


async def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


Open = Annotated[Resources, Depends(_resources)]
