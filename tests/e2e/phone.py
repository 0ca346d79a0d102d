"""A phone: its camera, its authenticator app, and people who have one set up already."""

import base64
import functools
import secrets
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import zxingcpp
from playwright.sync_api import Page
from sqlalchemy import update
from sqlmodel import col

from security_app.accounts.hashing import _hash
from security_app.accounts.proofs.recovery_code import tag_of
from security_app.accounts.proofs.totp import secret_context
from security_app.accounts.recovery_codes import code_context
from security_app.clock import now
from security_app.db.sealing import seal
from security_app.db.tables import RecoveryCode, RecoveryKit, Totp, new_id
from tests.accounts.phone import code as app_code
from tests.server import Person, Server

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#: A screenshot as the luminance of its pixels, row by row.
_LUMINANCE = """async encoded => {
    const image = new Image();
    image.src = "data:image/png;base64," + encoded;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let text = "";
    for (let at = 0; at < data.length; at += 4)
        text += String.fromCharCode((data[at] + data[at + 1] + data[at + 2]) / 3);
    return { width: image.width, height: image.height, pixels: btoa(text) };
}"""


@dataclass(frozen=True)
class Picture:
    """What the camera sees: a grey picture."""

    width: int
    height: int
    pixels: bytes = field(repr=False)

    @classmethod
    def of(cls, page: Page) -> Self:
        """Take a picture of what a page shows."""
        encoded = base64.b64encode(page.screenshot(animations="disabled")).decode()
        darkroom = page.context.new_page()
        developed: dict[str, Any] = darkroom.evaluate(_LUMINANCE, encoded)
        darkroom.close()
        return cls(developed["width"], developed["height"], base64.b64decode(developed["pixels"]))

    def grey_at(self, x: float, y: float) -> int:
        """How bright a point is: 0 is black, 255 white."""
        return self.pixels[int(y) * self.width + int(x)]

    def qr_text(self) -> str:
        """What the QR code in the picture says; dark on light only, as old scanners want it."""
        shape = (self.height, self.width)
        found = zxingcpp.read_barcodes(
            memoryview(self.pixels).cast("B", shape),
            formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
            try_invert=False,
        )
        assert len(found) == 1, f"{len(found)} QR codes in the picture"
        return found[0].text


@dataclass(frozen=True)
class App:
    """One account in an authenticator app."""

    issuer: str
    account: str
    secret: str = field(repr=False)

    @classmethod
    def scanning(cls, page: Page) -> Self:
        """Point the camera at a page; reads the Key URI as authenticator apps do."""
        uri = urlsplit(Picture.of(page).qr_text())
        values = {name: value[0] for name, value in parse_qs(uri.query).items()}
        assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
        assert (values["algorithm"], values["digits"], values["period"]) == ("SHA1", "6", "30")
        issuer, _, account = unquote(uri.path.removeprefix("/")).partition(":")
        assert issuer == values["issuer"]
        return cls(issuer, account, values["secret"])

    def code(self) -> str:
        """What the app shows now."""
        return app_code(self.secret)

    def code_of_another(self) -> str:
        """Six digits that are not right for minutes around now."""
        near = {app_code(self.secret, ahead_s=30 * step) for step in range(-30, 31)}
        return next(wrong for wrong in ("000000", "111111", "222222") if wrong not in near)


@dataclass(frozen=True)
class Protected:
    """Somebody whose authenticator app is on."""

    person: Person
    app: App
    codes: tuple[str, ...] = field(repr=False)


def protect(server: Server, person: Person, *, used_codes: int = 0) -> Protected:
    """Turn the authenticator app on for somebody, straight in the database.

    Args:
        used_codes: how many of the ten recovery codes are used already, the first ones.
    """
    at = now()
    secret = "".join(secrets.choice(_BASE32) for _ in range(32))
    rows: list[Any] = [
        Totp(
            account_id=person.id,
            sealed_secret=seal(secret.encode(), secret_context(person.id)),
            enabled_at=at,
            last_step=0,
        ),
        RecoveryKit(account_id=person.id, number=1, made_at=at),
    ]
    for position, (code, code_hash) in enumerate(_hashed_codes()):
        code_id = new_id()
        rows.append(
            RecoveryCode(
                id=code_id,
                account_id=person.id,
                position=position,
                tag=tag_of(person.id, code),
                code_hash=code_hash,
                sealed_code=seal(code.encode(), code_context(person.id, code_id)),
                used_at=at if position < used_codes else None,
            )
        )
    with server.rows() as session:
        session.add_all(rows)
        session.commit()
    codes = [code for code, _ in _hashed_codes()]
    grouped = ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]
    return Protected(person, App("", person.email, secret), tuple(grouped))


@functools.cache
def _hashed_codes() -> tuple[tuple[str, str], ...]:
    """Ten codes with their stored forms, made once: hashing is slow on purpose."""
    codes = ["".join(secrets.choice(_BASE32) for _ in range(16)) for _ in range(10)]
    return tuple((code, _hash(code, "recovery code")) for code in codes)


def let_code_expire(server: Server, person: Person) -> None:
    """As if a minute had passed since the last code: the present one serves again."""
    with server.rows() as session:
        session.execute(
            update(Totp)
            .where(col(Totp.account_id) == person.id)
            .values(last_step=col(Totp.last_step) - 3)
        )
        session.commit()
