"""What tb-proxy reads from the environment, beside what every service reads."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from services.core.settings import ServiceSettings


class TbMode(StrEnum):
    """How TensorBoards are made."""

    FORK = "fork"
    PROCESS = "process"


class TbProxySettings(ServiceSettings):
    """Settings of tb-proxy; with the shared prefix, the variables are MLSTEAM_TB_PROXY_*."""

    tb_proxy_host: str = Field(default="127.0.0.1", description="Address to listen on")
    tb_proxy_port: int = Field(default=8083, ge=1, le=65535, description="Port to listen on")
    tb_proxy_access_cache_s: float = Field(
        default=10.0, ge=0, le=60, description="Seconds a proven right to read a track is trusted; a page asks 25 times"
    )
    tb_proxy_idle_s: float = Field(
        default=300.0, ge=1, description="Seconds after which a TensorBoard that nobody asks is ended"
    )
    tb_proxy_max_children: int = Field(
        default=50, ge=1, le=1000, description="TensorBoards at most; the one unused longest makes room"
    )
    tb_proxy_start_timeout_s: float = Field(
        default=30.0, ge=1, le=300, description="Seconds a TensorBoard may take to start"
    )
    tb_proxy_refresh_s: float = Field(
        default=5.0, ge=0.1, le=600, description="Seconds between looks for new event files of an open TensorBoard"
    )
    tb_proxy_max_upload_bytes: int = Field(
        default=4 << 30, ge=0, description="Event and projector files copied for one TensorBoard at most, together"
    )
    tb_mode: TbMode = Field(
        default=TbMode.FORK,
        description="`fork`: our own data provider; `process`: the stock command on event files that we write",
    )
    tb_proxy_peers: str = Field(
        default="", description="Name behind which all replicas are found (a headless Service); empty: there is one"
    )
    tb_proxy_address: str = Field(default="", description="Address of this replica behind that name")

    @model_validator(mode="after")
    def _check_peers(self) -> Self:
        if self.tb_proxy_peers and not self.tb_proxy_address:
            msg = "MLSTEAM_TB_PROXY_PEERS needs MLSTEAM_TB_PROXY_ADDRESS, so that a replica knows itself"
            raise ValueError(msg)
        return self
