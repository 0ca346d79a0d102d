"""A fresh sign-in at the connected provider, as the proof of who has no other (S-45)."""

from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import identities, needed_proofs, provider_trips, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.errors import StepUpRequired
from security_app.accounts.provider_errors import NotFresh, ProviderRefused
from security_app.accounts.provider_trips import Purpose, SpentTrip
from security_app.accounts.provider_types import Identity, Provider
from security_app.accounts.step_up import Target
from security_app.db.engine import reading, transaction
from security_app.limits import FRESH_SIGN_IN_LEEWAY


async def provider_for(db: AsyncSession, actor: Actor, action: str) -> Provider:
    """The connected provider whose fresh sign-in proves an action of this account.

    Raises:
        StepUpRequired: it has none, or more is asked, or something else.
        ManagedBySso: the organization's provider takes care of this action.
    """
    await needed_proofs.refuse_managed(db, actor, action)
    wanted = needed_proofs.needed_for(action, await needed_proofs.own_methods(db, actor))
    if not wanted.stands_in or wanted.pin:
        raise StepUpRequired
    # What would not sign the account in proves nothing about who is there either.
    for _, provider in await identities.ways_in(db, actor.account_id):
        return provider
    raise StepUpRequired


async def begin(actor: Actor, action: str, target: Target, *, next_path: str) -> str:
    """Begin the round trip that proves an action.

    Args:
        target: the object of the action; whether the actor may touch it is the action's
            own rule.

    Returns:
        The path on this site that leads to the provider.

    Raises:
        StepUpRequired, ManagedBySso: as :func:`provider_for`.
        ProviderUnavailable: it does not answer.
        TooManyAttempts: too many from this network.
    """
    await provider_trips.reserve(actor.visitor)
    async with reading() as db:
        provider = await provider_for(db, actor, action)
    purpose = Purpose("step_up", action=action, target=target.id, next_path=next_path)
    prepared = await provider_trips.prepare(actor.visitor, provider, purpose)
    async with transaction() as db:
        db.add(provider_trips.bind(prepared, actor))
    return provider_trips.start_path(prepared)


async def finish(actor: Actor, provider: Provider, trip: SpentTrip, who: Identity) -> None:
    """Write the grant, if the connected person has signed in anew since the trip began.

    Raises:
        ProviderRefused: somebody else did, or the provider signs them in no more.
        NotFresh: the sign-in is an older one, or the provider does not say when it was.
        StepUpRequired, ManagedBySso: as :func:`provider_for`, asked again.
    """
    action = trip.purpose.action
    async with transaction() as db:
        ways = await identities.ways_in(db, actor.account_id)
        if (who.issuer, who.subject) not in {(row.issuer, row.subject) for row, _ in ways}:
            raise ProviderRefused(provider.name)
        at = who.signed_in_at
        if at is None or at < trip.created_at - FRESH_SIGN_IN_LEEWAY:
            raise NotFresh(provider.name)
        await provider_for(db, actor, action)
        step_up.grant(db, actor, action, trip.purpose.target)
