"""One rule for what people call things: themselves, sessions, keys, organizations, releases."""

from security_app.accounts.errors import FieldRefused

#: Longest text looked at, as a multiple of the longest name: white space may still go.
_SLACK = 10


def parse_name(text: str, *, max_chars: int, missing: str = "") -> str:
    """Read a name: runs of white space become one space, and nothing is cut.

    Args:
        text: as typed; anything may stand there.
        max_chars: of the name as it is kept.
        missing: what is said when there is none; "" lets it be empty.

    Raises:
        FieldRefused: field "name": missing, too long, or with characters nobody sees.
    """
    name = " ".join(text[: _SLACK * max_chars + 1].split())
    if len(text) > _SLACK * max_chars or len(name) > max_chars:
        msg = f"A name has at most {max_chars} characters."
        raise FieldRefused(msg, field="name")
    # Not printable: control characters, and the marks that turn the direction of text.
    if not name.isprintable():
        msg = "There are invisible characters in it. Type it anew instead of pasting it."
        raise FieldRefused(msg, field="name")
    if missing and not name:
        raise FieldRefused(missing, field="name")
    return name
