"""The table of contents: pages, guard, API, background work. No logic."""

import importlib

import reflex as rx

from security_app.api.app import build_api
from security_app.cards.activity.state import ActivityState
from security_app.cards.api_keys.making import NewKeyState
from security_app.cards.api_keys.state import ApiKeysState
from security_app.cards.check_up.state import CheckUpState
from security_app.cards.connected_accounts.state import ConnectedAccountsState
from security_app.cards.email.state import EmailState
from security_app.cards.email_code.state import EmailCodeState
from security_app.cards.invitations.state import InvitationsState
from security_app.cards.managed.state import ManagedState
from security_app.cards.members.state import MembersState
from security_app.cards.name.state import NameState
from security_app.cards.organization.state import OrganizationState
from security_app.cards.password.state import PasswordState
from security_app.cards.pin.state import PinState
from security_app.cards.recovery_codes.state import RecoveryCodesState
from security_app.cards.releases.state import ReleasesState
from security_app.cards.sessions.state import SessionsState
from security_app.cards.sign_ins.state import SignInsState
from security_app.cards.single_sign_on.state import SingleSignOnState
from security_app.cards.totp.state import TotpState
from security_app.cards.two_factor.state import TwoFactorState
from security_app.pages import (
    activity,
    api_keys,
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
    sso,
    verify,
    workspace,
)
from security_app.settings import get_settings
from security_app.ui import theme
from security_app.ui.overlay import connection_overlay
from security_app.web.asgi import Door
from security_app.web.faults import on_backend_exception, on_frontend_exception
from security_app.web.guard import guarded
from security_app.web.home import HomeState
from security_app.web.lifespan import lifespan
from security_app.web.live_page import LivePage, load_again
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState
from security_app.web.vanished_tabs import vanished_tabs

app = rx.App(
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
vanished_tabs.watch(app)
app.register_lifespan_task(lifespan)

home.register(app, HomeState.go)
for page in (
    sign_in,
    sso,
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

# Leaving the Security page or the API keys page empties what its dialogs showed.
_leaves_security = (TotpState.open_page, RecoveryCodesState.open_page)
_leaves_keys = (NewKeyState.open_page,)
_leaves = (*_leaves_security, *_leaves_keys)
profile.register(app, *_leaves, StepUpState.resume, LivePage.follow)
load_again(
    profile.ROUTE,
    {
        "account": [ShellState.load, NameState.load, EmailState.load],
        "pin": [StepUpState.load_pin],
    },
)
security.register(app, *_leaves_keys, StepUpState.resume, LivePage.follow)
load_again(
    security.ROUTE,
    {
        "account": [ShellState.load, CheckUpState.load, EmailCodeState.load],
        "password": [
            PasswordState.load,
            PinState.load,
            ConnectedAccountsState.load,
            CheckUpState.load,
        ],
        "connections": [ConnectedAccountsState.load],
        "factors": [
            TwoFactorState.load,
            TotpState.load,
            EmailCodeState.load,
            PinState.load,
            CheckUpState.load,
        ],
        "pin": [PinState.load, StepUpState.load_pin],
        "sessions": [SessionsState.load],
        "sign_ins": [SignInsState.load],
    },
)
api_keys.register(app, *_leaves_security, LivePage.follow)
load_again(
    api_keys.ROUTE,
    {
        "account": [ShellState.load],
        "api_keys": [ApiKeysState.load],
        "pin": [StepUpState.load_pin],
    },
)
activity.register(app, *_leaves, LivePage.follow)
load_again(
    activity.ROUTE,
    {
        "account": [ShellState.load],
        "activity": [ActivityState.load],
        "sign_ins": [ActivityState.load],
    },
)
workspace.register(app, *_leaves, LivePage.follow)
_workspace = [
    ShellState.load,
    OrganizationState.load,
    InvitationsState.load,
    MembersState.load,
    ReleasesState.load,
    SingleSignOnState.load,
]
# A second factor opens a workspace that requires one.
load_again(
    workspace.ROUTE,
    {
        # Invitations are to a confirmed address; the list of members holds the person too.
        "account": [ShellState.load, InvitationsState.load, MembersState.load],
        "workspace": _workspace,
        "factors": _workspace,
        "pin": [StepUpState.load_pin],
    },
)
# What an organization requires, and the role it gives, show on the other pages too.
for page in (profile, security, api_keys, activity):
    load_again(page.ROUTE, {"workspace": [ShellState.load], "factors": [ShellState.load]})
load_again(security.ROUTE, {"account": [TwoFactorState.load]})
# Who is managed follows from the connected accounts, the role, and the organization's sign-on.
_managed = [ManagedState.load, ConnectedAccountsState.load, CheckUpState.load]
load_again(security.ROUTE, {"connections": _managed, "workspace": _managed})
load_again(profile.ROUTE, {"connections": [ManagedState.load], "workspace": [ManagedState.load]})

for extension in get_settings().extensions:
    importlib.import_module(extension).register(app, *_leaves, LivePage.follow)
