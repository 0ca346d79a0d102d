"""What mails say, and what nobody can make them say."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_app.mail.messages import SUBJECTS, CannotRender, render
from security_app.settings import get_settings

SITE = get_settings().public_url
LINK = f"{SITE}/reset-password?token=abc_-123&x=1"
PARAMS = {
    "name": "Ada O'Brien",
    "when": "2026-05-04T12:31:00Z",
    "device": "Chrome on Windows",
    "place": "Lisbon, Portugal",
    "link": LINK,
    "kit": "3",
    "key": "sapp_3fKd…9xQz",
    "old": "sapp_Hq7v…2mWa",
    "until": "2026-05-05T12:31:00Z",
    "scopes": "account:read sessions:write",
    "keys": "2",
    "code": "042719",
    "purpose": "Turn the e-mail code on",
    "organization": "Northwind Wines",
    "by": "Olga",
    "by_email": "olga@example.org",
    "role": "super_admin",
    "provider": "Okta",
    "code_01": "ABCD-EFGH-IJKL-MNOP",
    "code_02": "QRST-UVWX-YZ23-4567",
}
#: About what somebody did in an organization: nothing happened to the reader's account.
WORKSPACE_KINDS = {
    "invitation",
    "organization_deleted",
    "organization_removed",
    "organization_role_changed",
    "sso_removed",
    "two_factor_reminder",
    "two_factor_required",
}
SECURITY_KINDS = sorted(set(SUBJECTS) - {"confirm_email"} - WORKSPACE_KINDS)


class Page(HTMLParser):
    """Links, sources and text of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_each_kind_has_a_text_and_an_html_that_say_the_same(kind: str) -> None:
    message = render(kind, PARAMS, to="ada@example.com")
    page = Page(message.html)
    in_text = re.findall(r"https?://\S+", message.text)
    assert set(page.links) <= set(in_text)
    assert page.links
    assert "ada@example.com" in message.text
    assert "ada@example.com" in page.words
    is_about_the_account = kind not in WORKSPACE_KINDS
    says_what_if_not = "if it was not you" in message.text.lower()
    assert not is_about_the_account or says_what_if_not or "did not sign up" in message.text
    assert "None" not in message.text + message.html
    assert "{" not in message.text


@pytest.mark.parametrize("kind", SECURITY_KINDS)
def test_security_mails_say_when_where_and_on_what(kind: str) -> None:
    message = render(kind, PARAMS, to="ada@example.com")
    for said in ("4 May 2026, 12:31 UTC", "Chrome on Windows", "Lisbon, Portugal"):
        assert said in message.text
        assert said in Page(message.html).words


@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_nothing_is_loaded_from_anywhere(kind: str) -> None:
    page = Page(render(kind, PARAMS, to="ada@example.com").html)
    assert not {"img", "link", "script", "iframe", "form"} & set(page.tags)
    assert all(link.startswith(f"{SITE}/") for link in page.links)


@pytest.mark.parametrize("kind", SECURITY_KINDS)
def test_values_are_escaped_s83(kind: str) -> None:
    hostile = '<img src=x onerror="alert(1)">&{{ 7*7 }}'
    message = render(kind, PARAMS | {"device": hostile, "place": hostile}, to="a@example.com")
    assert "<img" not in message.html
    assert "49" not in Page(message.html).words


@pytest.mark.parametrize("kind", SECURITY_KINDS)
@pytest.mark.parametrize("evil", ["\r\n", "\n", "\x1b[31m", "\x00", "\u202e", "\u2028", "\x85"])
def test_no_line_breaks_controls_or_direction_marks_from_values_s83(kind: str, evil: str) -> None:
    value = f"one{evil}Subject: two"
    params = PARAMS | {"device": value, "place": value, "name": value}
    message = render(kind, params, to="a@example.com")
    for text in (message.text, message.html, message.subject):
        assert f"one{evil}" not in text


@pytest.mark.parametrize(
    "name",
    ["Win at http://evil.test", "evil.test", "www.evil.test", "a@evil.test", "<b>", "evil.co/x"],
)
@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_a_name_carries_no_link_to_a_stranger(kind: str, name: str) -> None:
    names = {"name": name, "organization": name, "by": name}
    message = render(kind, PARAMS | names, to="a@example.com")
    assert name not in message.text
    assert "evil" not in message.text + message.html


@pytest.mark.parametrize("kind", ["confirm_email", "sign_up_existing"])
def test_who_has_not_confirmed_is_not_called_by_the_name_somebody_typed(kind: str) -> None:
    message = render(kind, PARAMS, to="ada@example.com")
    assert "Ada" not in message.text + message.html


@pytest.mark.parametrize("kind", sorted(WORKSPACE_KINDS))
def test_mails_of_the_workspace_say_who_and_where_and_offer_no_undoing(kind: str) -> None:
    for text in (message := render(kind, PARAMS, to="a@example.com")).text, message.html:
        assert "Olga (olga@example.org)" in " ".join(text.split())
        assert "Northwind Wines" in text
        assert "This wasn't me" not in text


def test_ordinary_names_stay() -> None:
    for name in ("Ada O'Brien", "J. R. Ruiz", "Željka", "李小龍", "Ada\u00a0B"):
        text = render("new_sign_in", PARAMS | {"name": name}, to="a@example.com").text
        assert text.startswith(f"Hello {' '.join(name.split())},")
    assert render("new_sign_in", PARAMS | {"name": ""}, to="a@example.com").text.startswith(
        "Hello,\n"
    )


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/reset",
        f"{SITE}.evil.test/reset",
        f"{SITE}@evil.test/",
        f"{SITE}/a\r\nb",
        f"{SITE}/a b",
        "javascript:alert(1)",
        "//evil.test/",
        f"{SITE}/{'a' * 600}",
        "",
    ],
)
def test_links_lead_to_this_site_only_s08(link: str) -> None:
    with pytest.raises(CannotRender):
        render("reset_password", PARAMS | {"link": link}, to="a@example.com")


@pytest.mark.parametrize("missing", ["when", "device", "place", "link"])
def test_a_missing_value_is_an_error_and_not_a_gap(missing: str) -> None:
    params = {key: value for key, value in PARAMS.items() if key != missing}
    with pytest.raises(CannotRender) as error:
        render("reset_password", params, to="a@example.com")
    assert LINK not in str(error.value)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(CannotRender):
        render("../../etc/passwd", PARAMS, to="a@example.com")


def test_counts_read_well() -> None:
    def said(count: str) -> str:
        return render("sessions_signed_out", PARAMS | {"count": count}, to="a@example.com").text

    assert "1 other session of your" in said("1")
    assert "was signed out" in said("1")
    assert "12 other sessions of your" in said("12")
    assert "All other sessions of your" in said("")


def test_recovery_codes_are_all_there_in_order() -> None:
    message = render("recovery_codes", PARAMS, to="ada@example.com")
    for text in (message.text, Page(message.html).words):
        assert "kit 3" in text
        assert text.index("ABCD-EFGH-IJKL-MNOP") < text.index("QRST-UVWX-YZ23-4567")


@given(
    name=st.text(alphabet=st.characters(), max_size=200),
    device=st.text(alphabet=st.characters(), max_size=600),
    to=st.text(alphabet=st.characters(), max_size=254),
)
def test_any_values_render_to_something_that_can_be_sent(name: str, device: str, to: str) -> None:
    message = render("new_sign_in", PARAMS | {"name": name, "device": device}, to=to)
    assert "\n" not in message.subject
    (message.subject + message.text + message.html).encode()
    assert max(len(line.encode()) for line in message.text.splitlines()) <= 998
