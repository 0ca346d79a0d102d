"""A process killed at any instant leaves before or after, never between (S-85, S-86).

After each kill the password, the sessions, the tickets, the links, the mail and
the log must all tell of the same number of changes.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from security_app.accounts.hashing import verify_text
from security_app.clock import now
from security_app.db.engine import Database, transaction
from security_app.db.tables import Account, MailedLink, OutboxMessage, Session, Ticket
from tests.accounts.cast import rows, stored_form
from tests.db.crash_story import ACTOR, BROWSER, change_count, password_number

KILLS = 25
_ROOT = Path(__file__).parents[2]


class Victim:
    """The process that is killed and comes back."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def live(self, changes: int, seconds: float) -> int:
        """One life: so many changes and a moment; returns how many were acknowledged."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{changes} {seconds}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def victim(url: str, log: Path) -> Iterator[Victim]:
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.db.crash_worker"],
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


async def begin(database: Database) -> None:
    at = now()
    async with transaction() as db:
        db.add(
            Account(
                id="account",
                email="ada@example.org",
                email_key="ada@example.org",
                created_at=at,
                password_hash=stored_form(password_number(0)),
                password_changed_at=at,
            )
        )
        await db.flush()
        session = Session(
            id=ACTOR, account_id="account", secret_hash="former", kind="browser", name=ACTOR,
            opened_by="password", browser_hash=BROWSER, opened_at=at, last_active_at=at,
            expires_at=at.replace(year=at.year + 1),
        )  # fmt: skip
        db.add(session)


async def changes_told_by_everything() -> int:
    """The number of changes; fails unless every table tells the same."""
    async with transaction() as db:
        # Under the write lock: one moment, nobody half-way.
        done = await change_count(db)
    (account,) = await rows(Account)
    verification = await verify_text(password_number(done), account.password_hash, "password")
    assert verification.is_right
    for session in await rows(Session, Session.id != ACTOR):
        opened_before = int(session.name.removeprefix("before "))
        assert (session.ended_at is not None) is (opened_before <= done)
    (actor,) = await rows(Session, Session.id == ACTOR)
    assert actor.ended_at is None
    assert (actor.secret_hash != "former") is (done > 0)
    assert len([m for m in await rows(OutboxMessage) if m.kind == "password_changed"]) == done
    renewals = [ticket for ticket in await rows(Ticket) if ticket.session_id]
    assert len(renewals) == min(done, 1)
    # What was begun before the next change: at most once per life since.
    begun = len(await rows(MailedLink))
    assert begun == len(await rows(Ticket)) - len(renewals)
    waiting = [s for s in await rows(Session) if s.name == f"before {done + 1}"]
    assert len(waiting) == 3 * begun
    return done


async def test_s85_s86_a_kill_leaves_before_or_after(database: Database, tmp_path: Path) -> None:
    await begin(database)
    url = database.engine.url.render_as_string(hide_password=False)
    acknowledged = 0
    seed = random.Random(85)
    log = tmp_path / "victim.log"
    with victim(url, log) as process:
        for _ in range(KILLS):
            # The seed chooses the moments; what the process is doing then, the machine.
            acknowledged += process.live(seed.choice((0, 0, 1)), seed.uniform(0, 0.2))
            done = await changes_told_by_everything()
            assert done >= acknowledged
    assert "Traceback" not in log.read_text(), log.read_text()[-2000:]
    assert done >= acknowledged > 0
    if database.is_sqlite:
        async with database.engine.connect() as connection:
            check = (await connection.execute(text("PRAGMA integrity_check"))).scalar_one()
        assert check == "ok"
