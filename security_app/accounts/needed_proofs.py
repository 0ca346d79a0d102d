"""What an action asks of an account as it is now: the step-up table, read for its methods."""

from dataclasses import dataclass, replace

from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import sso
from security_app.accounts.actor import Actor
from security_app.accounts.errors import AlreadyOn, NotOn
from security_app.accounts.methods import Methods, methods_of
from security_app.policy import MANAGED_BY_SSO, Ask, StepUpRow, step_up_row


@dataclass(frozen=True, slots=True)
class Needed:
    """What an action asks of an account as it is now.

    Attributes:
        password: whether the password is asked.
        methods: the codes that serve, any one of them, the one used last first:
            "totp", "email_code", "recovery_code". Empty when no code is asked.
        on: the methods that are on.
        pin: whether the PIN is asked.
        confirmation: whether the name of the object is typed, where no PIN is set.
        stands_in: whether a code by e-mail, or a fresh sign-in at a connected provider,
            takes the place of the password and the codes the account does not have.
    """

    password: bool
    methods: tuple[str, ...]
    on: tuple[str, ...] = ()
    pin: bool = False
    confirmation: bool = False
    stands_in: bool = False


def needed_for(action: str, methods: Methods) -> Needed:
    """Read the step-up table for an account.

    Without a password an account proves itself with its second factor, else by a
    code to its address or a fresh sign-in at its provider: never by nothing (S-45).

    Raises:
        KeyError: no such action.
    """
    row = step_up_row(action)
    codes = _codes(row, methods)
    wants_password = row.password is Ask.ALWAYS or (
        row.password is Ask.WITHOUT_METHOD and not codes
    )
    stands_in = False
    if wants_password and not methods.has_password and not codes:
        stands_in = not methods.on
        codes = ("email_code",) if stands_in else methods.serving
    return Needed(
        password=wants_password and methods.has_password,
        methods=codes,
        on=methods.on,
        pin=row.pin and methods.has_pin,
        confirmation=_is_braked_only(row) and not methods.has_pin,
        stands_in=stands_in,
    )


async def own_methods(db: AsyncSession, actor: Actor) -> Methods:
    """What the actor can prove identity with.

    A password and second factor from before their organization's provider took over
    sign nobody in and cannot be changed any more: they prove nothing either.
    """
    methods = await methods_of(db, actor.account_id)
    if await sso.manager_of(db, actor.account_id) is None:
        return methods
    return replace(methods, has_password=False, on=())


async def refuse_managed(db: AsyncSession, actor: Actor, action: str) -> None:
    """Refuse an action the provider of the actor's organization takes care of.

    Raises:
        ManagedBySso: it does.
    """
    if action in MANAGED_BY_SSO:
        await sso.require_unmanaged(db, actor.account_id)


def require_method(action: str, methods: Methods) -> None:
    """Refuse what the method's present state rules out, before any guess is counted.

    Raises:
        NotOn, AlreadyOn: the action is about a method that is off, or on already.
    """
    row = step_up_row(action)
    is_about_it = row.factor in {Ask.OWN_METHOD, Ask.AUTHENTICATOR}
    if is_about_it and row.own_method not in methods.on:
        raise NotOn
    if row.factor is Ask.OTHER_METHOD and row.own_method in methods.on:
        raise AlreadyOn


def asks_more(wanted: Needed, given: Needed) -> bool:
    """Whether a proof of another kind is asked than those that were given."""
    return (
        (wanted.password and not given.password)
        or (bool(wanted.methods) and not given.methods)
        or (wanted.pin and not given.pin)
    )


def _is_braked_only(row: StepUpRow) -> bool:
    """Whether an action asks for nothing but the PIN."""
    return row.pin and row.password is Ask.NEVER and row.factor is Ask.NEVER


def _codes(row: StepUpRow, methods: Methods) -> tuple[str, ...]:
    on = methods.on
    if row.factor is Ask.OWN_METHOD and row.own_method not in on:
        return ()
    if row.factor is Ask.ANY_METHOD:
        return methods.serving
    if row.factor is Ask.OTHER_METHOD:
        return tuple(method for method in on if method != row.own_method)
    if row.factor is Ask.OWN_METHOD:
        return ("totp", "recovery_code") if row.own_method == "totp" else (row.own_method,)
    if row.factor is Ask.AUTHENTICATOR:
        return ("totp",)
    return ()
