"""Changes as payloads of NOTIFY: none is too long, nothing gets lost, and what is not understood means everything."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.live.model import Change, ChangeKind
from services.live.wire import MAX_PAYLOAD_BYTES, decode_payload, encode_payloads

TRACK, PROJECT = UUID(int=1), UUID(int=2)


@given(st.lists(st.text(min_size=1, max_size=2000), max_size=100, unique=True))
def test_every_key_arrives(keys: list[str]) -> None:
    payloads = encode_payloads([Change(TRACK, PROJECT, sorted(keys), [ChangeKind.DATA])])
    heard = [decode_payload(payload) for payload in payloads]
    assert all(len(payload.encode()) <= MAX_PAYLOAD_BYTES for payload in payloads)
    assert all(change is not None and change.track_id == TRACK for change in heard)
    if all(change is not None and change.keys is not None for change in heard):
        assert {key for change in heard if change for key in change.keys or ()} == set(keys)


def test_a_key_that_fits_nowhere_is_told_as_many() -> None:
    [payload] = encode_payloads([Change(TRACK, PROJECT, ["\N{GRINNING FACE}" * 2500], [ChangeKind.DATA])])
    assert decode_payload(payload) == Change(TRACK, PROJECT, None, [ChangeKind.DATA])


def test_too_much_and_the_unknown_mean_everything() -> None:
    [payload] = encode_payloads(None)
    assert decode_payload(payload) is None
    assert decode_payload("") is None
    assert decode_payload('{"track_id": 1}') is None
    assert decode_payload('{"of": "a newer version"}') is None
