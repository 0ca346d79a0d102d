"""What the sign-in page says of a round trip that failed, by the code in its address."""

import pytest

from security_app.web.entry.provider_door import refusal_sentence


@pytest.mark.parametrize(
    ("code", "provider", "words"),
    [
        ("provider_denied", "google", "Google was not asked to sign you in"),
        ("managed_by_sso", "google", "Your organization's single sign-on manages this."),
        ("organization_full", "sso-abc", "as many members as it may have"),
        ("conflict", "apple", "Apple could not be used. Please try again."),
    ],
)
def test_each_refusal_has_its_own_words(code: str, provider: str, words: str) -> None:
    assert words in refusal_sentence(code, provider)


@pytest.mark.parametrize(("code", "provider"), [("", "google"), ("conflict", "evil"), ("", "")])
def test_what_nobody_here_said_is_not_repeated(code: str, provider: str) -> None:
    assert refusal_sentence(code, provider) == ""
