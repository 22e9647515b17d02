"""Masks what looks like a secret in a command line or an address. Called by source.py and git.py."""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

MASK = "***"
MIN_HIDDEN_CHARS = 4
_WORDS = {"token", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "credential", "credentials"}
_WORDS |= {"apikey", "accesskey", "privatekey", "auth", "authorization", "bearer"}
_PAIRS = {("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key"), ("account", "key")}
_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LOOKS_SECRET = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a signed token
    r"|\b(?:hf|ghp|gho|ghs|ghu|glpat|pypi|xox[abps]|sk|rk|pk)[-_][A-Za-z0-9_-]{16,}|\bgithub_pat_\w{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}"
)
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@]+@")


def _names_secret(name: str) -> bool:
    words = [word.lower() for word in _NAME.findall(name)]
    return any(word in _WORDS for word in words) or any(pair in _PAIRS for pair in pairwise(words))


def mask_address(text: str) -> str:
    """Remove user and password from addresses."""
    return _IN_ADDRESS.sub("", text)


def mask_arguments(arguments: list[str]) -> list[str]:
    """Mask values that look like secrets, or that stand after a name that does."""
    masked, is_next_secret = [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if is_next_secret and not argument.startswith("-"):
            masked.append(MASK)
        elif equals and _names_secret(name):
            masked.append(name + equals + MASK)
        else:
            masked.append(_LOOKS_SECRET.sub(MASK, mask_address(argument)))
        is_next_secret = argument.startswith("-") and not equals and _names_secret(argument)
    return masked


def hider_of(values: Iterable[str]) -> Callable[[str], str] | None:
    """Return what strikes these texts out of a line; None when there is nothing to strike out.

    Of a text of several lines each line counts. Short ones stay: a line would lose every "1" of it.
    """
    parts = {part for value in values for part in (value, *value.splitlines()) if len(part.strip()) >= MIN_HIDDEN_CHARS}
    if not parts:
        return None
    # Longer ones first: one may be part of another.
    pattern = re.compile("|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True)))
    return lambda line: pattern.sub(MASK, line)
