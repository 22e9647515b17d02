"""Which headers cross the proxy."""

from tb_proxy.forward.headers import end_to_end, from_tensorboard, to_service, to_tensorboard


def test_what_speaks_about_the_connection_stays() -> None:
    headers = [
        (b"Connection", b"close, X-Mine"),
        (b"x-mine", b"1"),
        (b"Keep-Alive", b"5"),
        (b"TE", b"trailers"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"websocket"),
        (b"Expect", b"100-continue"),
        (b"Accept", b"*/*"),
        (b"Content-Length", b"3"),
    ]
    assert end_to_end(headers) == [(b"Accept", b"*/*"), (b"Content-Length", b"3")]


def test_a_service_gets_secrets_and_our_word_for_the_origin() -> None:
    headers = [(b"cookie", b"a=b"), (b"authorization", b"Bearer x"), (b"x-forwarded-for", b"6.6.6.6"), (b"host", b"h")]
    assert to_service(headers, client="127.0.0.1", scheme="http") == [
        (b"cookie", b"a=b"),
        (b"authorization", b"Bearer x"),
        (b"host", b"h"),
        (b"x-forwarded-for", b"127.0.0.1"),
        (b"x-forwarded-proto", b"http"),
    ]


def test_tensorboard_learns_nothing_about_the_caller_and_cannot_be_led_to_another_experiment() -> None:
    headers = [
        (b"Cookie", b"mlsteam_session=secret"),
        (b"Authorization", b"Bearer secret"),
        (b"Tensorboard-Experiment-Id", b"other"),
        (b"Tensorboard_Experiment_Id", b"other"),
        (b"X-Forwarded-For", b"1.2.3.4"),
        (b"Forwarded", b"for=1.2.3.4"),
        (b"Accept-Encoding", b"gzip"),
        (b"X-TensorBoard-Feature-Flags", b"{}"),
    ]
    assert to_tensorboard(headers) == [(b"Accept-Encoding", b"gzip"), (b"X-TensorBoard-Feature-Flags", b"{}")]


def test_only_our_own_pages_may_frame_it() -> None:
    given = [
        (b"Content-Security-Policy", b"default-src 'self'; script-src 'self' 'unsafe-eval';"),
        (b"Content-Encoding", b"identity"),
        (b"Set-Cookie", b"a=b"),
        (b"Server", b"TensorBoard"),
        (b"X-Frame-Options", b"ALLOWALL"),
        (b"Connection", b"close"),
    ]
    assert from_tensorboard(given) == [
        (
            b"Content-Security-Policy",
            b"default-src 'self'; script-src 'self' 'unsafe-eval'; frame-ancestors 'self'",
        )
    ]
    assert from_tensorboard([(b"content-encoding", b"gzip")]) == [
        (b"content-encoding", b"gzip"),
        (b"content-security-policy", b"frame-ancestors 'self'"),
    ]
