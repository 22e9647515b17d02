"""Changes as the payloads of PostgreSQL's NOTIFY, which takes fewer than 8000 bytes each. Pure."""

from collections.abc import Sequence

import msgspec

from services.live.model import Change

MAX_PAYLOAD_BYTES = 7900
# "Too much to tell": every listener loads anew.
_RESYNC = "null"
_decoder = msgspec.json.Decoder(Change | None)


def encode_change(change: Change) -> str:
    """Write a change as JSON, the form that pages get too."""
    return msgspec.json.encode(change).decode()


def encode_payloads(changes: Sequence[Change] | None) -> list[str]:
    """Write changes as payloads; one that is too long is cut by its keys."""
    if changes is None:
        return [_RESYNC]
    payloads: list[str] = []
    # A stack, so that the halves of a change are looked at again.
    left = list(changes)
    while left:
        change = left.pop()
        payload = encode_change(change)
        if len(payload.encode()) <= MAX_PAYLOAD_BYTES:
            payloads.append(payload)
        elif change.keys is None or len(change.keys) == 1:
            payloads.append(encode_change(msgspec.structs.replace(change, keys=None)))
        else:
            middle = len(change.keys) // 2
            left += [
                msgspec.structs.replace(change, keys=change.keys[:middle]),
                msgspec.structs.replace(change, keys=change.keys[middle:]),
            ]
    return payloads


def decode_payload(payload: str) -> Change | None:
    """Read a payload; None means that everything may have changed, as does what a newer version wrote."""
    try:
        change: Change | None = _decoder.decode(payload)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    return change
