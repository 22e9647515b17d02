"""TensorBoard's data goes around the framework. Guarantees the same checks as the route of the same address: both call
`readable_board`, and both answer by `FromTensorboard`.
"""

import re
from functools import partial

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from services.core.errors import TooLarge
from services.web.shortcut import Shortcut
from tb_proxy.routes.board import FromTensorboard, readable_board


async def _answer(request: Request, found: re.Match[str]) -> Response:
    try:
        board_id = await readable_board(request, found[1])
        # Held, so that it can be sent once more; its size is bounded by the layers around.
        body = await request.body() if request.method == "POST" else b""
    except HTTPException as error:
        # Only the layer that bounds bodies raises it here.
        raise TooLarge(str(error.detail)) from error
    return FromTensorboard(request, board_id, body)


data_shortcut = partial(
    Shortcut,
    methods=("GET", "HEAD", "POST"),
    # Pages are not data: the projector's is served beside TensorBoard's own.
    path=re.compile(r"/tb/([0-9A-Fa-f,-]+)/data/(?!plugin/projector/projector_binary\.html$).*", re.DOTALL),
    route="/tb/{tracks}/data",
    answer=_answer,
)
