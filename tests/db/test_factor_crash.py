"""A kill at any instant of turning 2FA on or off leaves before or after (S-85, S-86).

After each kill: no app that is on without ten codes that count, no codes without
an app that is on, and log and mail tell of the same changes as the tables.
"""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import delete, text

from security_app.accounts import step_up
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.hashing import verify_text
from security_app.accounts.proofs.recovery_code import tag_of
from security_app.accounts.recovery_codes import code_context
from security_app.accounts.step_up import Proofs
from security_app.clock import now
from security_app.db.engine import Database, transaction
from security_app.db.sealing import open_sealed
from security_app.db.tables import (
    Account,
    OutboxMessage,
    RecoveryCode,
    RecoveryKit,
    SecurityEvent,
    Session,
    ThrottleKey,
    Totp,
    TotpSetUp,
)
from tests.accounts.cast import rows, stored_form
from tests.accounts.phone import code
from tests.db.factor_crash_story import ACTOR, PASSWORD, forget_the_last_step

KILLS = 25
_ROOT = Path(__file__).parents[2]
_MAIL_OF = {
    "totp.enabled": "totp_enabled",
    "totp.disabled": "totp_disabled",
    "recovery_codes.regenerated": "recovery_codes_regenerated",
}


class Victim:
    """The process that is killed and comes back."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def live(self, step: str, seconds: float) -> list[str]:
        """One life: up to a step and a moment; returns the steps it had begun."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{step} {seconds}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().split()


@contextmanager
def victim(url: str, log: Path) -> Iterator[Victim]:
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.db.factor_crash_worker"],
            cwd=_ROOT,
            env=os.environ | {"DATABASE_URL": url, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process:
            yield Victim(process)
            assert process.stdin is not None
            process.stdin.close()


async def begin() -> Actor:
    at = now()
    async with transaction() as db:
        db.add(
            Account(
                id="account", email="ada@example.org", email_key="ada@example.org", created_at=at,
                email_confirmed_at=at, password_hash=stored_form(PASSWORD), password_changed_at=at,
            )
        )  # fmt: skip
        await db.flush()
        db.add(
            Session(
                id=ACTOR, account_id="account", secret_hash="h", kind="browser",
                opened_by="password", browser_hash="b" * 64, opened_at=at, last_active_at=at,
                expires_at=at.replace(year=at.year + 1),
            )
        )  # fmt: skip
    return Actor("account", ACTOR, "browser", at, at, Visitor("203.0.113.10", "", "b" * 64))


async def assert_before_or_after() -> None:
    """Fails unless every table tells the same."""
    async with transaction() as db:
        # Under the write lock: one moment, nobody half-way.
        assert db is not None
    apps, codes = await rows(Totp), await rows(RecoveryCode)
    assert len(codes) == 10 * len(apps)
    assert len(apps) <= 1
    assert not apps or not await rows(TotpSetUp)
    assert sorted(row.position for row in codes) == list(range(10))[: len(codes)]
    done = Counter(event.action for event in await rows(SecurityEvent))
    assert done["totp.enabled"] - done["totp.disabled"] == len(apps)
    mailed = Counter(message.kind for message in await rows(OutboxMessage))
    for action, kind in _MAIL_OF.items():
        assert mailed[kind] == done[action]
    kits = await rows(RecoveryKit)
    sets = done["totp.enabled"] + done["recovery_codes.regenerated"]
    assert (kits[0].number if kits else 0) == sets
    for row in codes:
        assert row.used_at is None
        plain = open_sealed(row.sealed_code or b"", code_context("account", row.id)).decode()
        assert row.tag == tag_of("account", plain)
    if codes:
        # One is compared, ten would cost a second a kill.
        checked = codes[sets % 10]
        plain = open_sealed(checked.sealed_code or b"", code_context("account", checked.id))
        assert (await verify_text(plain.decode(), checked.code_hash, "recovery code")).is_right


async def assert_usable(actor: Actor) -> None:
    """The app that survived works, and each of its ten codes does."""
    async with transaction() as db:
        await db.exec(delete(ThrottleKey))
    secret = await forget_the_last_step()
    await step_up.prove(actor, "view_recovery_codes", Proofs(code=code(secret)))
    for row in await rows(RecoveryCode):
        plain = open_sealed(row.sealed_code or b"", code_context("account", row.id)).decode()
        await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, plain))


async def test_s85_a_kill_leaves_2fa_on_with_ten_codes_or_off_without(
    database: Database, tmp_path: Path
) -> None:
    actor = await begin()
    url = database.engine.url.render_as_string(hide_password=False)
    seed = random.Random(85)
    log = tmp_path / "victim.log"
    last_words: Counter[str] = Counter()
    with victim(url, log) as process:
        for _ in range(KILLS):
            # The seed chooses the moments; what the process is doing then, the machine.
            step = seed.choice(("ready", "ready", "confirm"))
            last_words[process.live(step, seed.uniform(0, 1.0))[-1]] += 1
            await assert_before_or_after()
        while not await rows(Totp):
            process.live("on", 0)
    await assert_before_or_after()
    assert "Traceback" not in log.read_text(), log.read_text()[-2000:]
    assert last_words["confirm"], last_words
    await assert_usable(actor)
    if database.is_sqlite:
        async with database.engine.connect() as connection:
            check = (await connection.execute(text("PRAGMA integrity_check"))).scalar_one()
        assert check == "ok"
