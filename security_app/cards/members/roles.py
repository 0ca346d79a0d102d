"""Roles in words, for every card of the workspace."""

import dataclasses
from collections.abc import Iterable
from typing import Final

ROLE_NAMES: Final = {
    "member": "Member",
    "finance": "Finance",
    "admin": "Admin",
    "super_admin": "Super admin",
    "owner": "Owner",
}
_WHAT: Final = {
    "member": "Sees the organization, its members and releases.",
    "finance": "Sees the same as a member.",
    "admin": "Also invites and removes people, and runs releases.",
    "super_admin": "Also gives roles, and looks after two-factor authentication.",
    "owner": "Also deletes the organization.",
}


@dataclasses.dataclass(frozen=True)
class RoleChoice:
    """One role to choose."""

    value: str
    label: str
    help: str


def role_choices(roles: Iterable[str]) -> list[RoleChoice]:
    """The roles somebody may give, as the view offers them."""
    return [RoleChoice(role, ROLE_NAMES[role], _WHAT[role]) for role in roles]


def role_name(role: str) -> str:
    """A role in words."""
    return ROLE_NAMES.get(role, role)
