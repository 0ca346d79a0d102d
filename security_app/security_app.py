"""The table of contents: pages, guard, API, background work. No logic."""

import reflex as rx

from security_app.api.app import build_api
from security_app.cards.activity.state import ActivityState
from security_app.cards.check_up.state import CheckUpState
from security_app.cards.email.state import EmailState
from security_app.cards.email_code.state import EmailCodeState
from security_app.cards.name.state import NameState
from security_app.cards.password.state import PasswordState
from security_app.cards.recovery_codes.state import RecoveryCodesState
from security_app.cards.sessions.state import SessionsState
from security_app.cards.sign_ins.state import SignInsState
from security_app.cards.totp.state import TotpState
from security_app.cards.two_factor.state import TwoFactorState
from security_app.pages import (
    activity,
    confirm_email,
    confirm_new_email,
    demo_mail,
    forgot_password,
    home,
    not_found,
    not_me,
    profile,
    recover,
    reset_password,
    security,
    sign_in,
    sign_up,
    verify,
)
from security_app.ui import theme
from security_app.ui.overlay import connection_overlay
from security_app.web.asgi import Door
from security_app.web.faults import on_backend_exception, on_frontend_exception
from security_app.web.guard import guarded
from security_app.web.home import HomeState
from security_app.web.lifespan import lifespan
from security_app.web.live_page import LivePage, load_again
from security_app.web.shell_state import ShellState

app = rx.App(
    style=theme.app_style(),
    stylesheets=theme.stylesheets(),
    head_components=theme.head_components(),
    html_lang="en",
    app_wraps={(5, "Overlay"): lambda _stateful: connection_overlay()},
    toaster=None,
    api_transformer=[build_api(), Door],
    backend_exception_handler=on_backend_exception,
    frontend_exception_handler=on_frontend_exception,
)
guarded(app)
app.register_lifespan_task(lifespan)

home.register(app, HomeState.go)
for page in (
    sign_in,
    verify,
    recover,
    sign_up,
    confirm_email,
    confirm_new_email,
    not_me,
    forgot_password,
    reset_password,
    demo_mail,
    not_found,
):
    page.register(app)

# Leaving the Security page empties what its dialogs showed.
_leaves_security = (TotpState.open_page, RecoveryCodesState.open_page)
profile.register(app, *_leaves_security, LivePage.follow)
load_again(profile.ROUTE, {"account": [ShellState.load, NameState.load, EmailState.load]})
security.register(app, LivePage.follow)
load_again(
    security.ROUTE,
    {
        "account": [ShellState.load, CheckUpState.load, EmailCodeState.load],
        "password": [PasswordState.load, CheckUpState.load],
        "factors": [TwoFactorState.load, TotpState.load, EmailCodeState.load, CheckUpState.load],
        "sessions": [SessionsState.load],
        "activity": [SignInsState.load],
    },
)
activity.register(app, *_leaves_security, LivePage.follow)
load_again(activity.ROUTE, {"account": [ShellState.load], "activity": [ActivityState.load]})
