"""Slow keyed hashes: parameters, keys outside the database, rising in place (S-06, S-75)."""

import asyncio
import hashlib
import subprocess
import sys

import pytest
from passlib.hash import argon2  # pyright: ignore[reportAttributeAccessIssue]

from security_app.accounts import hashing
from security_app.accounts.errors import Overloaded
from security_app.accounts.hashing import hash_text, hashing_place, verify_text
from security_app.db.engine import transaction
from security_app.db.tables import Account
from security_app.keys import keys
from tests.accounts.cast import PASSWORD, is_signed_in, sign_in_browser, the_account
from tests.environment import SetEnvironment

OLD_KEY = "kT4mWq9ZrV2xLs7HdYp0NcFj3GbUe8Ao"
NEW_KEY = "Zq1Xw2Ce3Vr4Bt5Ny6Mu7Ki8Lo9Pa0Sd"


def parameters(stored: str) -> tuple[str, str, str]:
    _, kind, version, figures, _, _ = stored.split("$")
    return kind, version, figures


async def is_right(text: str, stored: str | None, purpose: str = "password") -> bool:
    return (await verify_text(text, stored, purpose)).is_right


async def test_s06_argon2id_with_19_mib_two_passes_one_lane() -> None:
    stored = await hash_text(PASSWORD, "password")
    assert parameters(stored) == ("argon2id", "v=19", "m=19456,t=2,p=1")
    assert stored.partition("$")[0] == keys()[0].id
    assert len(stored) <= 300


def test_the_first_hashes_of_a_process_can_be_made_at_once() -> None:
    """The library's own choice of an implementation, made late, is not made for threads."""
    script = (
        "from passlib.hash import argon2; import security_app.accounts.hashing;"
        "print(argon2._BackendMixin__backend)"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == "argon2_cffi"


async def test_s06_equal_passwords_have_different_hashes() -> None:
    first, second = await hash_text(PASSWORD, "password"), await hash_text(PASSWORD, "password")
    assert first != second
    assert await is_right(PASSWORD, first)
    assert await is_right(PASSWORD, second)
    assert not await is_right(PASSWORD + " ", first)


async def test_s06_without_the_key_nothing_verifies(environment: SetEnvironment) -> None:
    stored = await hash_text(PASSWORD, "password")
    _, _, encoded = stored.partition("$")
    assert not argon2.verify(PASSWORD, f"${encoded}")
    environment(SECRET_KEYS=NEW_KEY)
    assert not await is_right(PASSWORD, stored)
    claimed = f"{keys()[0].id}${encoded}"
    assert not await is_right(PASSWORD, claimed)


def test_s75_the_id_of_a_key_tells_nothing_about_it() -> None:
    (key,) = keys()
    assert hashlib.sha256(key.secret).hexdigest()[:8] != key.id
    assert OLD_KEY not in repr(key)


async def test_a_password_hash_is_no_pin_hash() -> None:
    stored = await hash_text("270418", "pin")
    assert await is_right("270418", stored, "pin")
    assert not await is_right("270418", stored, "password")


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$v=19", "12345678$"])
async def test_what_is_no_hash_of_ours_is_never_right(stored: str | None) -> None:
    assert not await is_right("", stored)
    assert not await is_right(PASSWORD, stored)


async def test_an_outcome_is_no_condition() -> None:
    verification = await verify_text(PASSWORD, None, "password")
    with pytest.raises(TypeError):
        assert verification


async def test_s06_a_sign_in_raises_old_parameters(ada: Account) -> None:
    weak = argon2.using(type="ID", memory_cost=8 * 1024, time_cost=1, parallelism=1)
    key = keys()[0]
    stored = f"{key.id}{weak.hash(hashing._keyed(PASSWORD, key, 'password'))}"
    await store(ada, stored)
    session = await sign_in_browser()
    risen = (await the_account(ada)).password_hash or ""
    assert parameters(risen)[2] == "m=19456,t=2,p=1"
    assert await is_right(PASSWORD, risen)
    assert (await the_account(ada)).password_changed_at == ada.password_changed_at
    assert await is_signed_in(session)


async def test_s75_a_sign_in_moves_a_hash_to_the_new_key(
    ada: Account, environment: SetEnvironment
) -> None:
    environment(SECRET_KEYS=f"{NEW_KEY},{OLD_KEY}")
    await sign_in_browser()
    risen = (await the_account(ada)).password_hash or ""
    assert risen.startswith(keys()[0].id)
    environment(SECRET_KEYS=NEW_KEY)
    assert await is_right(PASSWORD, risen)


async def test_a_current_hash_is_left_alone(ada: Account) -> None:
    await sign_in_browser()
    assert (await the_account(ada)).password_hash == ada.password_hash


async def test_s88_beyond_the_queue_the_answer_is_to_come_back() -> None:
    free = asyncio.Event()

    async def occupy() -> None:
        async with hashing_place():
            await free.wait()

    places = 2 * hashing._THREADS + hashing._MAX_WAITING
    waiting = [asyncio.create_task(occupy()) for _ in range(places)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        async with hashing_place():
            pass
    free.set()
    await asyncio.gather(*waiting)
    async with hashing_place():
        pass


async def test_s88_who_gives_up_waiting_leaves_its_place() -> None:
    free = asyncio.Event()

    async def occupy() -> None:
        async with hashing_place():
            await free.wait()

    waiting = [asyncio.create_task(occupy()) for _ in range(2 * hashing._THREADS + 50)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert hashing._waiting == 0
    assert not hashing._places.locked()


async def store(account: Account, stored: str) -> None:
    async with transaction() as db:
        (await db.get_one(Account, account.id)).password_hash = stored
