"""A process that turns the authenticator app on and off until it is killed.

Reads one line per life from its input: a step, and how many seconds after the
beginning of that step it dies. For each it forks a child that works on the
database of ``DATABASE_URL``, kills it with SIGKILL, and answers with the words of
the steps the child had begun.
"""

import asyncio
import os
import signal
import sys
import time

from sqlmodel import delete

from security_app.accounts import places, recovery_codes, step_up, totp
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.devices import describe
from security_app.accounts.step_up import Proofs
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import ThrottleKey, Totp
from tests.accounts.phone import code
from tests.db.factor_crash_story import ACTOR, PASSWORD, forget_the_last_step, kit_number

_WHO = Visitor("203.0.113.10", "", "b" * 64)


async def live(heard: int) -> None:
    """Turn on, replace the codes, turn off, again and again, saying so before each."""

    def say(word: str) -> None:
        os.write(heard, f"{word} ".encode())

    actor = Actor("account", ACTOR, "browser", now(), now(), _WHO)
    say("ready")
    while True:
        async with transaction() as db:
            # Each kill leaves a try counted as a failure; limits are not the subject here.
            await db.exec(delete(ThrottleKey))
        async with reading() as db:
            is_on = await db.get(Totp, "account") is not None
            number = await kit_number(db)
        if not is_on:
            say("prove")
            await step_up.prove(actor, "enable_totp", Proofs(PASSWORD))
            say("set-up")
            secret = (await totp.start_set_up(actor)).secret
            say("confirm")
            await totp.confirm_set_up(actor, code(secret))
            say("on")
        elif number % 2:
            secret = await forget_the_last_step()
            await step_up.prove(actor, "regenerate_recovery_codes", Proofs(code=code(secret)))
            say("regenerate")
            await recovery_codes.regenerate(actor)
        else:
            secret = await forget_the_last_step()
            await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, code(secret)))
            say("disable")
            await totp.disable(actor)
            say("off")


def main() -> None:
    """Live and die as told."""
    places.warm()
    describe("")
    for line in sys.stdin:
        step, seconds = line.split()
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            asyncio.run(live(told))
        os.close(told)
        said = b""
        while f"{step} ".encode() not in said:
            part = os.read(heard, 64)
            if not part:
                sys.exit("the child died by itself")
            said += part
        time.sleep(float(seconds))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while part := os.read(heard, 4096):
            said += part
        os.close(heard)
        sys.stdout.write(f"{said.decode().strip()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
