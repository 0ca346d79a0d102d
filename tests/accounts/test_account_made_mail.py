"""The mail to somebody for whom an account was made through a provider (S-84)."""

from pathlib import Path

import pytest

from security_app.accounts import memberships, undo
from security_app.accounts.provider_errors import AddressTaken, OrganizationFull
from security_app.db.tables import Account
from tests.accounts.cast import OWNER, STRANGER, deliver, kinds_of_mail, rows, token_in
from tests.accounts.identities import ADA_AT_GOOGLE, ADAS_ADDRESS, google, sign_in_with
from tests.accounts.sso_house import house_with_sso, okta, sign_in_with_sso
from tests.oidc_provider import Provider

__all__ = ["google", "okta"]

pytestmark = pytest.mark.usefixtures("database", "clock")


async def test_google_made_an_account_and_its_address_is_told_once(
    google: Provider, tmp_path: Path
) -> None:
    await sign_in_with(google, ADA_AT_GOOGLE)
    (mail,) = await deliver(tmp_path)
    assert mail["To"] == ADAS_ADDRESS
    text = " ".join(mail.as_string().split())
    assert "account was made for you with Google" in text
    for fact in ("When:", "4 May 2026", "Device:", "Place, about:"):
        assert fact in text
    await sign_in_with(google, ADA_AT_GOOGLE)
    assert await kinds_of_mail() == ["account_made"]


async def test_this_was_not_me_leaves_the_account_to_the_mailbox(
    google: Provider, tmp_path: Path
) -> None:
    """Whoever is signed in at Google made it in somebody's name: they come in no more."""
    await sign_in_with(google, ADA_AT_GOOGLE, visitor=STRANGER)
    (mail,) = await deliver(tmp_path)
    done = await undo.undo(OWNER, token_in(mail))
    assert (done.disconnected, done.ended_sessions) == (1, 0)
    arrived = await sign_in_with(google, ADA_AT_GOOGLE, visitor=STRANGER)
    assert isinstance(arrived.refusal, AddressTaken)
    assert "reset_password" in await kinds_of_mail()


async def test_who_came_through_the_organization_is_told_whom_to_ask(
    okta: Provider, tmp_path: Path
) -> None:
    """A managed account has nothing a link could take back."""
    await house_with_sso(okta)
    await sign_in_with_sso(okta)
    (mail,) = await deliver(tmp_path)
    assert mail["To"] == "ada@example.com"
    text = " ".join(mail.as_string().split())
    assert "somebody signed in through Okta, the single sign-on of Northwind Wines" in text
    assert "tell whoever looks after Okta" in text
    assert "token=" not in text
    await sign_in_with_sso(okta, visitor=STRANGER)
    assert await kinds_of_mail() == ["account_made_by_sso"]


async def test_no_account_no_mail(okta: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    await house_with_sso(okta)
    monkeypatch.setattr(memberships, "MAX_MEMBERS", 1)
    assert isinstance((await sign_in_with_sso(okta)).refusal, OrganizationFull)
    assert len(await rows(Account)) == 1
    assert await kinds_of_mail() == []
