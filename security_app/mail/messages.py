"""What mails say: one kind, two templates (text and HTML), one subject.

Values from people are cleaned before they reach a template (S-83): no line
breaks, control or bidirectional characters. HTML is escaped by the template
engine; text needs no escaping. Links arrive whole, their host comes from the
configuration only (S-08), which is checked here again.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from security_app.limits import (
    CONFIRM_LINK_LIFE,
    EMAIL_CHANGE_LIFE,
    EMAIL_CODE_LIFE,
    INVITATION_LIFE,
    RESET_LINK_LIFE,
    UNDO_LINK_LIFE,
)
from security_app.policy import get_policy
from security_app.settings import get_settings

_TEMPLATES = Path(__file__).parent / "templates"
#: RFC 5322 §2.1.1 advises lines of 78; a longer subject is cut off by most clients anyway.
_MAX_SUBJECT_CHARS = 120
#: Names and places are at most 100; escaped in HTML they stay on a line of 998 octets.
_MAX_VALUE_CHARS = 120
_MAX_LINK_CHARS = 500
#: C0, DEL, C1, line and paragraph separators, bidirectional and invisible marks, surrogates.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
#: What mail programs turn into a link, so that a display name cannot carry one to a stranger.
_LINK_LIKE = re.compile(r"[/@:<>\\]|\w\.\w{2}")

#: What people choose themselves and strangers may be mailed.
_NAMES = ("name", "organization", "by")


class CannotRender(Exception):
    """The kind is unknown or a parameter is missing: our mistake, not the recipient's."""


@dataclass(frozen=True, slots=True)
class Message:
    """One rendered mail.

    Attributes:
        subject: one line, no control characters.
        text: the plain version.
        html: the same in HTML, complete document, no remote resources.
    """

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


#: Subject by kind; ``{product}`` is the product's name. The template has the same name.
SUBJECTS = {
    "account_deleted": "Your {product} account was deleted",
    "account_made": "Your new {product} account",
    "account_made_by_sso": "Your new {product} account",
    "account_undone": "Your {product} account was put back",
    "api_key_created": "A {product} API key was made",
    "api_key_revoked": "A {product} API key was revoked",
    "api_key_rotated": "A {product} API key was replaced",
    "api_keys_revoked": "All {product} API keys were revoked",
    "confirm_email": "Confirm your e-mail address",
    "email_code": "Your {product} code",
    "email_code_disabled": "E-mail codes were turned off",
    "email_code_enabled": "E-mail codes are on",
    "confirm_new_email": "Confirm your new e-mail address",
    "email_change_asked": "Somebody asked to change your {product} e-mail address",
    "email_change_existing": "Your e-mail address has a {product} account already",
    "email_changed": "Your {product} e-mail address was changed",
    "invitation": "You are invited to an organization on {product}",
    "organization_deleted": "Your organization on {product} was deleted",
    "organization_removed": "You were removed from an organization on {product}",
    "organization_role_changed": "Your role on {product} was changed",
    "sso_removed": "How you sign in to {product} has changed",
    "two_factor_reminder": "Please turn on two-factor authentication on {product}",
    "two_factor_required": "Your organization requires two-factor authentication",
    "email_is_yours": "This is the address of your {product} account now",
    "new_sign_in": "New sign-in to your {product} account",
    "password_changed": "Your {product} password was changed",
    "password_set": "Your {product} account has a password now",
    "provider_connected": "An account was connected to your {product} account",
    "provider_disconnected": "An account was disconnected from your {product} account",
    "pin_changed": "Your {product} PIN was changed",
    "pin_disabled": "Your {product} PIN is disabled",
    "pin_locked": "Your {product} PIN is locked",
    "pin_removed": "Your {product} PIN was removed",
    "pin_set": "Your {product} account has a PIN now",
    "recovery_code_used": "A recovery code of your {product} account was used",
    "recovery_codes": "Your {product} recovery codes",
    "recovery_codes_regenerated": "New recovery codes for your {product} account",
    "recovery_codes_viewed": "Your {product} recovery codes were viewed",
    "reset_password": "Reset your {product} password",
    "sessions_signed_out": "You were signed out on other devices",
    "sign_up_existing": "You already have a {product} account",
    "totp_disabled": "Your authenticator app was turned off",
    "totp_enabled": "Your authenticator app is on",
    "wrong_code": "Somebody passed the first step of your {product} sign-in",
}


def render(kind: str, params: Mapping[str, str], *, to: str) -> Message:
    """Render a mail; about a millisecond, 30 for the first of a kind.

    Args:
        kind: a key of :data:`SUBJECTS`.
        params: ``when`` (RFC 3339), ``device``, ``place``, ``name``, and by kind
            ``link`` (whole URL on this site), ``count``, ``left``, ``code`` and
            ``purpose``, ``key``, ``old``, ``until`` (RFC 3339) and ``scopes``,
            ``code_01`` and so on, or ``organization``, ``by``, ``by_email`` and
            ``role``; ``provider`` is Google or the like; ``keys`` is how many API keys still work.
        to: the recipient's address; the mail says whom it was meant for.

    Raises:
        CannotRender: unknown kind, missing parameter, or a link to another site.
    """
    if kind not in SUBJECTS:
        raise CannotRender(kind)
    values = _values(params) | {"to": "".join(_UNPRINTABLE.sub("", to).split())}
    product = _clean(get_policy().product_name)
    subject = _clean(SUBJECTS[kind].format(product=product))[:_MAX_SUBJECT_CHARS]
    values |= {"product": product, "subject": subject}
    environment = _environment()
    try:
        text = environment.get_template(f"{kind}.txt").render(values)
        html = environment.get_template(f"{kind}.html").render(values)
    except TemplateError as error:
        # The message of a template error names the parameter, never a value.
        raise CannotRender(f"{kind}: {error.message}") from None
    return Message(subject, text.strip() + "\n", html.strip() + "\n")


def _values(params: Mapping[str, str]) -> dict[str, Any]:
    site = get_settings().public_url
    values: dict[str, Any] = {key: _clean(value) for key, value in params.items()}
    for key in _NAMES:
        values[key] = _safe_name(values.get(key, ""))
    values["role_name"] = values.get("role", "").replace("_", " ")
    values.setdefault("count", "")
    values.setdefault("left", "")
    values.setdefault("keys", "")
    values.setdefault("provider", "")
    values.setdefault("manager", "")
    values.setdefault("is_replaced", "")
    values["codes"] = [values[key] for key in sorted(params) if key.startswith("code_")]
    for name in ("when", "until"):
        if values.get(name):
            values[name] = _in_words(values[name])
    if "link" in params:
        link = params["link"]
        is_ours = link.startswith(f"{site}/") and len(link) <= _MAX_LINK_CHARS
        if not is_ours or _UNPRINTABLE.search(link) or " " in link:
            raise CannotRender("link")
        values["link"] = link
    return values | {
        "site": site,
        "forgot_link": f"{site}/forgot-password",
        "security_link": f"{site}/settings/personal/security",
        "keys_link": f"{site}/settings/personal/api-keys",
        "sign_in_link": f"{site}/sign-in",
        "invitation_days": INVITATION_LIFE.days,
        "confirm_days": CONFIRM_LINK_LIFE.days,
        "code_minutes": int(EMAIL_CODE_LIFE.total_seconds() // 60),
        "change_hours": int(EMAIL_CHANGE_LIFE.total_seconds() // 3600),
        "undo_days": UNDO_LINK_LIFE.days,
        "reset_minutes": int(RESET_LINK_LIFE.total_seconds() // 60),
    }


def _clean(value: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", value[:_MAX_VALUE_CHARS]).split())


def looks_like_link(name: str) -> bool:
    """Whether a mail program may turn what somebody called something into a link."""
    return _LINK_LIKE.search(name) is not None


def _safe_name(name: str) -> str:
    return "" if looks_like_link(name) else name


def _in_words(when: str) -> str:
    """``2026-05-04T12:31:00Z`` as "4 May 2026, 12:31 UTC"."""
    try:
        instant = datetime.fromisoformat(when).astimezone(UTC)
    except ValueError:
        raise CannotRender("when") from None
    return f"{instant.day} {instant:%B %Y, %H:%M} UTC"


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
