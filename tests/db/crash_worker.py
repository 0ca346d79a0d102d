"""A process that changes passwords until it is killed.

Reads one line per life from its input: how many changes it may finish, and how
many seconds after the last of them it dies. For each it forks a child that works
on the database of ``DATABASE_URL``, kills it with SIGKILL, and answers with the
number of changes the child had been told were done.
"""

import asyncio
import os
import signal
import sys
import time

from sqlmodel import delete

from security_app.accounts import (
    links,
    password_rules,
    passwords,
    places,
    session_list,
    sessions,
    tickets,
)
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.devices import describe
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, ThrottleKey
from security_app.limits import RESET_LINK_LIFE
from security_app.policy import get_policy
from tests.db.crash_story import ACTOR, BROWSER, change_count, password_number

_WHO = Visitor("203.0.113.10", "", BROWSER)


async def live(acknowledge: int) -> None:
    """Change the password again and again, saying so after each."""
    async with reading() as db:
        account = await db.get_one(Account, "account")
    actor = Actor("account", ACTOR, "browser", now(), now(), _WHO)
    os.write(acknowledge, b"ready ")
    while True:
        async with reading() as db:
            done = await change_count(db)
        async with transaction() as db:
            # Each kill leaves a try counted as a failure; limits are not the subject here.
            await db.exec(delete(ThrottleKey))
            for _ in range(3):
                new = await sessions.open_session(
                    db, account.id, _WHO, kind="browser", opened_by="password"
                )
                await session_list.rename_session(db, actor, new.id, f"before {done + 1}")
            links.new_link(db, account, purpose="reset_password", path="/x", life=RESET_LINK_LIFE)
            await tickets.issue_for_sign_in(db, account.id, _WHO, sign_in_id="", next_path="")
        new_password = password_number(done + 1)
        await passwords.change_password(
            actor, current=password_number(done), new=new_password, repeat=new_password
        )
        os.write(acknowledge, b".")


def main() -> None:
    """Live and die as told."""
    warm()
    for line in sys.stdin:
        changes, seconds = line.split()
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            asyncio.run(live(told))
        os.close(told)
        said = b""
        while said.count(b".") < int(changes) or b"ready" not in said:
            part = os.read(heard, 1)
            if not part:
                sys.exit("the child died by itself")
            said += part
        time.sleep(float(seconds))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while part := os.read(heard, 4096):
            said += part
        os.close(heard)
        sys.stdout.write(f"{said.count(b'.')}\n")
        sys.stdout.flush()


def warm() -> None:
    """Load once what every child would load in its first moments."""
    places.warm()
    describe("")
    password_rules.check(password_number(1), email="", name="", product="", policy=get_policy())


if __name__ == "__main__":
    main()
