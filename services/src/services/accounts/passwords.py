"""Passwords at rest: argon2id, hashed off the event loop because one hash takes a fifth of a second."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.core.errors import BadValue

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 200

_hasher = PasswordHasher()
# Each hash takes 64 MiB: two at a time bound what a flood of sign-ins can take.
_slots = asyncio.Semaphore(2)
# Checked when there is no such user, so that the time of an answer does not tell who exists.
_NOBODY = _hasher.hash("nobody has this password")


async def hash_password(password: str) -> str:
    """Hash a new password. Raises: BadValue when it is too short or too long."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise BadValue(f"A password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters.", field="new")
    async with _slots:
        return await asyncio.to_thread(_hasher.hash, password)


async def is_right_password(password: str, password_hash: str | None) -> bool:
    """Say whether a password fits a hash; without a hash it never does, and takes as long."""
    if len(password) > MAX_PASSWORD_CHARS:
        return False
    async with _slots:
        try:
            await asyncio.to_thread(_hasher.verify, password_hash or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None
