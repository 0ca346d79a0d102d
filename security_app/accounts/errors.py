"""One exception per refusal: the sentence for people, the API code, the field.

Refused
├── InvalidCredentials      wrong e-mail or password, which of them is not said
├── WrongPassword           the current password of a signed-in person
├── PasswordRefused         a new password that breaks a rule
├── PasswordsDiffer         the repeat does not match
├── FieldRefused            any other field that cannot be used
├── EmailRefused            not an address
├── CodeRefused             a code that is wrong, used or out of its time: all alike
├── ClockOff                a set-up code that fits another time: says by how much
├── MethodSuspended         50 wrong codes in a row
├── EmailNotConfirmed       the address was never confirmed, so nothing may lean on it
├── MailNotSent             a code that could not be mailed; nothing was spent
├── StepUpRequired          an action without its grant
├── ChallengeDead           a half-finished sign-in that is used up or too old
├── SetUpDead               a set-up that is not there (any more), or another session's
├── AlreadyOn, NotOn        the method is not in the state this needs
├── NotRetrievable          codes that are kept as hashes only
├── TooManyAttempts         throttled; says how long to wait
├── Overloaded              no free place for hashing; try again in a moment
├── EmailTaken              a confirmed address that became another account's meanwhile
├── LinkDead                a mailed link that is used, expired or unknown
├── TicketDead              a hand-off ticket that is used, expired or foreign
├── SessionGone             no such session of this account, or ended
├── SignInRequired          nobody is signed in
└── Conflict                somebody else changed it at the same moment
"""

import math
from datetime import timedelta
from typing import ClassVar


def wait_in_words(wait_s: int) -> str:
    """A wait in seconds, or rounded up to minutes."""
    minutes = -(-wait_s // 60)
    if wait_s < 60:
        return f"{wait_s} seconds"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


class Refused(Exception):
    """Base of all refusals. ``sentence`` may be shown; it never holds input."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    field: str = "form"
    sentence: str = "That did not work. Please try again."

    def __init__(self, sentence: str | None = None, *, field: str | None = None) -> None:
        """Optionally replace the class's sentence and field."""
        if sentence is not None:
            self.sentence = sentence
        if field is not None:
            self.field = field
        super().__init__(self.code)


class InvalidCredentials(Refused):
    """The e-mail or the password is wrong; which one is not said (S-47)."""

    code = "invalid_credentials"
    status = 401
    sentence = "The e-mail or the password is not right."


class WrongPassword(Refused):
    """The current password, asked again inside a session, is wrong."""

    code = "wrong_password"
    status = 401
    field = "current_password"
    sentence = "That is not your current password."


class PasswordRefused(Refused):
    """A new password breaks a rule; the sentence says which."""

    code = "password_refused"
    status = 422
    field = "new_password"


class PasswordsDiffer(Refused):
    """The repeated password is another one."""

    code = "passwords_differ"
    status = 422
    field = "repeat_password"
    sentence = "The two passwords are not the same."


class FieldRefused(Refused):
    """A field is missing, too long or not usable."""

    code = "invalid_field"
    status = 422


class EmailRefused(Refused):
    """The text is not an e-mail address we can write to."""

    code = "invalid_email"
    status = 422
    field = "email"
    sentence = "Enter an e-mail address, like name@example.com."


class TooManyAttempts(Refused):
    """Throttled (S-52). The answer never tells whether the guess was right."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, wait: timedelta) -> None:
        """Say how long to wait.

        Args:
            wait: time until the next attempt is looked at.
        """
        self.wait_s = max(1, math.ceil(wait.total_seconds()))
        super().__init__(f"Too many attempts. Try again in {wait_in_words(self.wait_s)}.")


class Overloaded(Refused):
    """Every hashing thread is busy and the queue is full (S-88)."""

    code = "overloaded"
    status = 503
    wait_s = 2
    sentence = "We are very busy right now. Please try again in a moment."


class EmailNotConfirmed(Refused):
    """The act needs an address that is known to be the person's own."""

    code = "email_not_confirmed"
    status = 403
    sentence = "Confirm your e-mail address first. We can send you the link again."


class EmailTaken(Refused):
    """The address became another account's between the asking and the confirming."""

    code = "email_taken"
    status = 409
    sentence = "This address belongs to an account by now. Nothing was changed."


class LinkDead(Refused):
    """A mailed link that was used, has expired, or never existed."""

    code = "link_dead"
    status = 410
    sentence = "This link no longer works. Ask for a new one."


class TicketDead(Refused):
    """A hand-off ticket that was used, has expired, or belongs to another browser."""

    code = "ticket_dead"
    status = 410
    sentence = "Signing in took too long. Please sign in again."


class SessionGone(Refused):
    """No such live session of this account: foreign and unknown look alike (S-56)."""

    code = "not_found"
    status = 404
    sentence = "That session has already ended."


class SignInRequired(Refused):
    """Nobody is signed in, or the session has ended."""

    code = "sign_in_required"
    status = 401
    sentence = "Please sign in."


class Conflict(Refused):
    """The account changed between the check and the commit."""

    code = "conflict"
    status = 409
    sentence = "Your account was changed somewhere else a moment ago. Please try again."


class CodeRefused(Refused):
    """A code that does not count; why is not said (S-14)."""

    code = "invalid_code"
    status = 401
    field = "code"
    sentence = "That code is not right. Codes work once and change every 30 seconds."


class ClockOff(CodeRefused):
    """During set-up only (D9): the code fits another time than now."""

    def __init__(self, offset_s: int) -> None:
        """Say by how much.

        Args:
            offset_s: seconds the phone is ahead (positive) or behind (negative).
        """
        self.offset_s = offset_s
        minutes = max(1, round(abs(offset_s) / 60))
        unit = "minute" if minutes == 1 else "minutes"
        side = "ahead" if offset_s > 0 else "behind"
        super().__init__(
            f"Your phone's clock is about {minutes} {unit} {side}. "
            "Turn on automatic time on the phone, then enter a new code."
        )


class MethodSuspended(Refused):
    """Too many wrong codes in a row (S-49); looks like any other wait."""

    code = "too_many_attempts"
    status = 429
    field = "code"
    wait_s = 900
    sentence = "Too many wrong codes. It is suspended: use another one, or contact support."


class MailNotSent(Refused):
    """The mail server did not take a code in time; no budget was spent (S-23)."""

    code = "mail_unavailable"
    status = 503
    wait_s = 5
    sentence = "We could not send the code just now. Please try again in a moment."


class StepUpRequired(Refused):
    """The action asks for a proof that was not given, or was used up (S-42)."""

    code = "step_up_required"
    status = 403
    sentence = "Please confirm it is you, then try again."


class ChallengeDead(Refused):
    """The sign-in that waited for a code was finished, used up, or is too old."""

    code = "challenge_expired"
    status = 410
    sentence = "This sign-in is too old. Please sign in again."


class SetUpDead(Refused):
    """No set-up of this session waits for a code."""

    code = "set_up_expired"
    status = 410
    sentence = "This set-up is too old. Please start again."


class AlreadyOn(Refused):
    """The method is on; a new phone means turning it off first (S-16)."""

    code = "already_enabled"
    status = 409
    sentence = "This method is on already. To set it up anew, turn it off first."


class NotOn(Refused):
    """The method is not on."""

    code = "not_enabled"
    status = 409
    sentence = "This method is not on."


class NotRetrievable(Refused):
    """Codes are kept as hashes only, or the policy makes no new ones in place."""

    code = "not_retrievable"
    status = 409
    sentence = "Your recovery codes cannot be shown again."
