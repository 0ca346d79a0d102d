"""An operator takes a proven domain away: it belongs to somebody else by now."""

import os
import subprocess
import sys

import pytest

from security_app.accounts import provider_sign_in, sso_domain_check, sso_domains, sso_settings
from security_app.accounts.errors import FieldRefused
from security_app.db.engine import transaction
from security_app.db.tables import SecurityEvent
from tests.accounts.cast import OWNER, rows
from tests.accounts.domain_proofs import DOMAIN, add_record, proven_domains, waiting_domains, world
from tests.accounts.sso_house import (
    PROOFS,
    House,
    actor_after,
    house,
    house_with_sso,
    okta,
    sign_in_with_sso,
    terms,
)
from tests.dns_server import DnsServer
from tests.oidc_provider import Provider

__all__ = ["okta", "world"]

pytestmark = pytest.mark.usefixtures("database", "clock")


@pytest.fixture
async def former(world: DnsServer, okta: Provider) -> House:
    """An organization that has proven the domain."""
    made = await house_with_sso(okta, "mallory@example.net")
    await add_record(world, made)
    assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "proven"
    return made


async def _release(domain: str = DOMAIN) -> str:
    async with transaction() as db:
        return await sso_domains.release(db, domain)


async def test_it_counts_no_more_and_its_record_proves_nothing(
    world: DnsServer, okta: Provider, former: House
) -> None:
    assert await actor_after(await sign_in_with_sso(okta))
    assert await _release() == former.id
    assert await proven_domains() == set()
    noted = await rows(SecurityEvent, SecurityEvent.action == "organization.sso_domain_released")
    assert [(row.account_id, row.detail) for row in noted] == [(former.boss.id, DOMAIN)]
    with pytest.raises(FieldRefused):
        await provider_sign_in.begin_sso(OWNER, email="bea@example.com")
    # The one it was proven by is still there.
    assert await sso_domain_check.check(former.boss.actor, DOMAIN) == "other"
    assert set(await waiting_domains(former)) == {DOMAIN}


async def test_the_next_organization_can_prove_it(
    world: DnsServer, okta: Provider, former: House
) -> None:
    made = await house()
    with pytest.raises(FieldRefused):
        await sso_settings.configure(made.boss.actor, terms(okta), PROOFS)
    await _release()
    await sso_settings.configure(made.boss.actor, terms(okta), PROOFS)
    await add_record(world, made)
    assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "proven"
    await add_record(world, former)
    assert await sso_domain_check.check(former.boss.actor, DOMAIN) == "in_use"


@pytest.mark.parametrize("domain", ["example.org", "", "%", "EXAMPLE.COM"])
async def test_what_nobody_has_proven_changes_nothing(former: House, domain: str) -> None:
    assert await _release(domain) == ""
    assert await proven_domains() == {DOMAIN}


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        (" Example.COM.", 0, "has to prove it again"),
        ("example.org", 1, "No organization has proven this domain."),
        ("not a domain", 1, "That is no domain."),
    ],
)
async def test_the_command_says_what_it_did(
    request: pytest.FixtureRequest, former: House, typed: str, status: int, said: str
) -> None:
    is_sqlite = "sqlite" in request.node.name
    url = request.getfixturevalue("sqlite_url" if is_sqlite else "postgres_url")
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this test
        [sys.executable, "-m", "security_app.cli", "release-domain", typed],
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, said in done.stdout + done.stderr) == (status, True)
    assert await proven_domains() == (set() if status == 0 else {DOMAIN})
