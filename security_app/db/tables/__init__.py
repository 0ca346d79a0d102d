"""All tables, by what they are about. The schema changes through alembic only.

Secrets never rest here: cookie values, tickets, link tokens and API keys are SHA-256
digests of random values, passwords and the PIN are keyed Argon2id, mails are sealed.
"""

from security_app.db.tables.accounts import (
    Account,
    Challenge,
    KnownBrowser,
    SecurityEvent,
    Session,
    SignInAttempt,
    ThrottleKey,
    Ticket,
)
from security_app.db.tables.api_keys import (
    ApiKey,
)
from security_app.db.tables.columns import known_id, new_id
from security_app.db.tables.connections import (
    Connection,
    ProviderTrip,
    SsoConnection,
    SsoDomain,
    SsoDomainClaim,
)
from security_app.db.tables.factors import (
    EmailCode,
    EmailMethod,
    EmailSetUp,
    Pin,
    RecoveryCode,
    RecoveryKit,
    StepUpGrant,
    Totp,
    TotpSetUp,
)
from security_app.db.tables.mail import (
    EmailChange,
    MailedLink,
    OutboxMessage,
    UndoLink,
)
from security_app.db.tables.workspace import (
    Invitation,
    Membership,
    Organization,
    Release,
)

__all__ = [
    "Account",
    "ApiKey",
    "Challenge",
    "Connection",
    "EmailChange",
    "EmailCode",
    "EmailMethod",
    "EmailSetUp",
    "Invitation",
    "KnownBrowser",
    "MailedLink",
    "Membership",
    "Organization",
    "OutboxMessage",
    "Pin",
    "ProviderTrip",
    "RecoveryCode",
    "RecoveryKit",
    "Release",
    "SecurityEvent",
    "Session",
    "SignInAttempt",
    "SsoConnection",
    "SsoDomain",
    "SsoDomainClaim",
    "StepUpGrant",
    "ThrottleKey",
    "Ticket",
    "Totp",
    "TotpSetUp",
    "UndoLink",
    "known_id",
    "new_id",
]
