"""The numbers the product holds to: how often, how long, how many.

They are requirements, not choices: what an operator may choose stands in
``policy.py``. Every number has this one home.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``hits`` failures in ``window``; then a wait of at most ``longest_wait``."""

    hits: int
    window: timedelta
    longest_wait: timedelta


#: S-48 and S-50: 5 in 5 minutes and 20 an hour for an account, no wait over 15 minutes.
PASSWORD_LIMITS_ACCOUNT = (
    Limit(5, timedelta(minutes=5), timedelta(minutes=5)),
    Limit(20, timedelta(hours=1), timedelta(minutes=15)),
)
#: S-48: 30 in 5 minutes for an address (an IPv6 /64 counts as one, S-51).
PASSWORD_LIMITS_ADDRESS = (Limit(30, timedelta(minutes=5), timedelta(minutes=5)),)
#: Mails somebody can cause without signing in, per recipient and per sender's address.
MAIL_LIMITS_RECIPIENT = (Limit(5, timedelta(hours=1), timedelta(minutes=15)),)
MAIL_LIMITS_ADDRESS = (Limit(20, timedelta(hours=1), timedelta(minutes=15)),)
#: S-49: 10 wrong codes in 15 minutes, whatever the method, attempt or door.
FACTOR_LIMITS_ACCOUNT = (Limit(10, timedelta(minutes=15), timedelta(minutes=15)),)
#: S-49: a method is suspended after this many wrong codes in a row.
FACTOR_FAILURES_SUSPEND = 50
#: S-17: a mailed code. S-19: the tries one of them takes.
EMAIL_CODE_LIFE = timedelta(minutes=5)
EMAIL_CODE_TRIES = 5
#: S-20: for one purpose again after a minute; an account gets 5 an hour and 10 a day.
EMAIL_CODE_AGAIN = (Limit(1, timedelta(minutes=1), timedelta(minutes=1)),)
EMAIL_CODE_LIMITS_ACCOUNT = (
    Limit(5, timedelta(hours=1), timedelta(hours=1)),
    Limit(10, timedelta(days=1), timedelta(days=1)),
)
EMAIL_CODE_LIMITS_ADDRESS = (Limit(20, timedelta(hours=1), timedelta(hours=1)),)
#: S-41: a sign-in between password and code.
CHALLENGE_LIFE = timedelta(minutes=10)
CHALLENGE_TRIES = 5
#: S-15: a method that is being set up.
SET_UP_LIFE = timedelta(minutes=10)
#: S-42: a step-up is good for one action within this time.
GRANT_LIFE = timedelta(minutes=5)
#: S-33: a PIN, or what is typed in its place, is good for one action on one object.
PIN_GRANT_LIFE = timedelta(seconds=60)
#: S-32: the fifth wrong PIN in a row locks it, each further one for twice as long,
#: the tenth disables it.
PIN_LOCKS = {5 + doubled: timedelta(minutes=15 * 2**doubled) for doubled in range(5)}
PIN_FAILURES_DISABLE = 10
#: S-24: ten codes; a nudge when this few are left.
RECOVERY_CODES = 10
RECOVERY_CODES_LOW = 3
#: S-69: 90 days unless another end is chosen, a year at most.
API_KEY_LIFE = timedelta(days=90)
API_KEY_MAX_LIFE = timedelta(days=365)
#: How long a replaced key goes on working, unless it is cut at once.
API_KEY_OVERLAP = timedelta(hours=24)
#: Keys of one account that work at the same time.
MAX_API_KEYS = 50
#: Rows of keys that work no more: an expired one is listed as such meanwhile.
API_KEY_MEMORY = timedelta(days=30)
#: Members and waiting invitations of one organization, together.
MAX_MEMBERS = 200
INVITATION_LIFE = timedelta(days=7)
#: Invitations an account may mail, whoever to.
INVITATION_LIMITS_ACCOUNT = (Limit(20, timedelta(hours=1), timedelta(minutes=15)),)
#: A member is reminded of two-factor authentication at most this often.
REMINDER_EVERY = timedelta(days=1)
#: How often an organization may begin to require a second factor: each time mails those without.
REQUIREMENT_LIMITS = (Limit(3, timedelta(hours=1), timedelta(hours=1)),)
#: From the start of a release to its shipping.
RELEASE_PROCESSING = timedelta(minutes=10)
#: When a release may start. Spans, not clock times: they mean the same in every time zone.
RELEASE_STARTS = {
    "now": timedelta(0),
    "in_1_hour": timedelta(hours=1),
    "in_24_hours": timedelta(hours=24),
}
#: S-08: a reset link lives 30 minutes (behaviour.md; at most 60 by ASVS 6.4.3).
RESET_LINK_LIFE = timedelta(minutes=30)
CONFIRM_LINK_LIFE = timedelta(days=3)
#: A change of the address waits this long for the button behind its link.
EMAIL_CHANGE_LIFE = timedelta(hours=24)
#: "This wasn't me" in a security mail (behaviour.md).
UNDO_LINK_LIFE = timedelta(days=7)
#: The hand-off from an event to the cookie takes one round trip; 30 s is generous.
TICKET_LIFE = timedelta(seconds=30)
#: What a tab shows of secrets stays this long without its socket: a tunnel, a change of
#: networks or a restart of the server must not eat the codes somebody is about to save.
TAB_GRACE = timedelta(seconds=60)
#: S-40: at most 500 live sessions an account; the oldest goes.
MAX_LIVE_SESSIONS = 500
#: Last activity is written at most this often (performance budget of B-10).
ACTIVITY_RESOLUTION = timedelta(minutes=1)
#: Domains one organization's provider may speak for.
MAX_SSO_DOMAINS = 10
#: How often an organization may describe its provider: each time we ask it whether it is there.
SSO_CHECK_LIMITS = (Limit(20, timedelta(hours=1), timedelta(minutes=15)),)
#: How often an organization may have DNS looked at: all its domains twice over in a minute.
SSO_DOMAIN_LIMITS = (
    Limit(20, timedelta(minutes=1), timedelta(minutes=1)),
    Limit(60, timedelta(hours=1), timedelta(minutes=15)),
)
#: S-61: a round trip to a provider.
TRIP_LIFE = timedelta(minutes=10)
#: Round trips a network may begin to sign in, or to confirm identity.
TRIP_LIMITS_ADDRESS = (Limit(60, timedelta(minutes=5), timedelta(minutes=5)),)
#: S-45: how long before a round trip its sign-in at the provider may lie, for clocks that differ.
FRESH_SIGN_IN_LEEWAY = timedelta(seconds=60)
