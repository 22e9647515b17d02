"""Which headers cross a proxy, in either direction. Pure.

Called by http.py and by the routes. Guarantees that hop-by-hop headers never cross, and that a server that has no
business with a caller's secrets does not see them.
"""

from collections.abc import Collection, Iterable

RawHeaders = list[tuple[bytes, bytes]]

# RFC 9110, section 7.6.1: these speak about one connection, and ours to the next server is another one.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# The web server in front has answered 100-continue already.
_ANSWERED_BEFORE = frozenset({b"expect"})
_SECRETS = frozenset({b"cookie", b"authorization"})
# TensorBoard lets this one override the experiment of the address, which is the one that was authorised.
_OVERRIDES = frozenset({b"tensorboard-experiment-id"})
_ORIGIN = (b"x-forwarded-", b"forwarded", b"x-real-ip")


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    names: set[bytes] = set()
    for name, value in headers:
        if name.lower() == b"connection":
            names.update(part.strip().lower() for part in value.split(b","))
    return names


def without(headers: RawHeaders, names: Collection[bytes]) -> RawHeaders:
    """Return the headers but those named (in lower case)."""
    return [(name, value) for name, value in headers if name.lower() not in names]


def end_to_end(headers: RawHeaders) -> RawHeaders:
    """Return the headers that may cross a proxy."""
    return without(headers, _HOP_BY_HOP | _ANSWERED_BEFORE | _named_by_connection(headers))


def to_service(headers: RawHeaders, *, client: str, scheme: str) -> RawHeaders:
    """Return the headers for one of our own services: secrets included, the origin stated by us and nobody else."""
    kept = [(name, value) for name, value in end_to_end(headers) if not name.lower().startswith(_ORIGIN)]
    return [*kept, (b"x-forwarded-for", client.encode()), (b"x-forwarded-proto", scheme.encode())]


def to_tensorboard(headers: RawHeaders) -> RawHeaders:
    """Return the headers for TensorBoard, which runs on data of users and must learn nothing about the caller.

    A name with an underscore is dropped too: CGI cannot tell it from the same name with a hyphen.
    """
    return [
        (name, value)
        for name, value in without(end_to_end(headers), _SECRETS | _OVERRIDES)
        if not name.lower().startswith(_ORIGIN) and b"_" not in name
    ]


def from_tensorboard(headers: RawHeaders) -> RawHeaders:
    """Return the headers of TensorBoard's answer, with its page allowed only in frames of ours."""
    kept = without(end_to_end(headers), {b"set-cookie", b"server", b"x-frame-options"})
    answer: RawHeaders = []
    seen_policy = False
    for name, value in kept:
        if name.lower() == b"content-encoding" and value.strip().lower() == b"identity":
            continue  # the page says so, and some proxies and browsers do not know the word
        if name.lower() == b"content-security-policy":
            seen_policy = True
            answer.append((name, value.rstrip(b"; ") + b"; frame-ancestors 'self'"))
            continue
        answer.append((name, value))
    if not seen_policy:
        answer.append((b"content-security-policy", b"frame-ancestors 'self'"))
    return answer
