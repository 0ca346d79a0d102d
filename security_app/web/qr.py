"""The QR picture of an otpauth URI: SVG for the screen, PNG for the API; drawn off the loop."""

import asyncio
import base64
import io
from typing import Any

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pure import PyPNGImage
from qrcode.image.svg import SvgPathImage

#: Modules of white around the picture (ISO/IEC 18004 §6.3.8), in every theme.
_QUIET_ZONE = 4
#: Any mask can be read; trying all eight for the prettiest costs most of the time.
_MASK = 2


async def svg_data_url(text: str) -> str:
    """Draw a QR code as an SVG data URL, black on white."""
    return await asyncio.to_thread(_svg, text)


async def png_data_url(text: str) -> str:
    """Draw a QR code as a PNG data URL, 8 pixels a module."""
    return await asyncio.to_thread(_png, text)


def _code(text: str) -> qrcode.QRCode[Any]:
    code = qrcode.QRCode(
        error_correction=ERROR_CORRECT_M, box_size=8, border=_QUIET_ZONE, mask_pattern=_MASK
    )
    code.add_data(text)
    code.make(fit=True)
    return code


def _svg(text: str) -> str:
    image = _code(text).make_image(image_factory=_WhiteSvg)
    return "data:image/svg+xml;base64," + base64.b64encode(image.to_string()).decode()


def _png(text: str) -> str:
    buffer = io.BytesIO()
    _code(text).make_image(image_factory=PyPNGImage).save(buffer)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


class _WhiteSvg(SvgPathImage):
    """A path on a white ground: readable in the dark theme too."""

    background = "white"
