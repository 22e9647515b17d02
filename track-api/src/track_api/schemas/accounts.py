"""Users, sign-in and API tokens."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class UserOut(BaseModel):
    """Who is signed in."""

    user_id: UUID
    name: str
    is_admin: bool
    has_password: bool


class SignIn(BaseModel):
    """Name and password."""

    name: str = Field(max_length=200)
    password: str = Field(max_length=1000)


class SignInByLink(BaseModel):
    """The secret of a one-time link."""

    token: str = Field(max_length=200)


class PasswordChange(BaseModel):
    """A new password, with the present one when there is one."""

    current: str | None = Field(default=None, max_length=1000)
    new: str = Field(max_length=1000)


class TokenIn(BaseModel):
    """A token to make."""

    name: str = Field(max_length=1000)
    expires_in_days: float | None = Field(default=None, gt=0, le=3650)


class TokenOut(BaseModel):
    """A token, without the secret."""

    token_id: UUID
    name: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewTokenOut(BaseModel):
    """A token that was just made; the secret is shown this once."""

    token_id: UUID
    name: str
    token: str


class TokenList(BaseModel):
    """All tokens of a user."""

    items: list[TokenOut]


class UserIn(BaseModel):
    """A user to make."""

    name: str = Field(max_length=200)
    is_admin: bool = False


class UserRow(BaseModel):
    """A user of this installation."""

    model_config = ConfigDict(from_attributes=True)

    user_id: UUID
    name: str
    is_admin: bool
    has_password: bool
    created_at: datetime


class UserList(BaseModel):
    """All users."""

    items: list[UserRow]


class InvitationOut(BaseModel):
    """A link that signs a user in once, within the hour."""

    user_id: UUID
    link: str
