"""How the Organization card looks."""

from typing import Any

import reflex as rx

from security_app.cards.organization.state import OrganizationState
from security_app.ui.badge import badge
from security_app.ui.button import danger_button, plain_button
from security_app.ui.card import card
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.empty_state import empty_state
from security_app.ui.form_field import form_field
from security_app.ui.skeleton import skeleton_lines
from security_app.web.step_up_state import StepUpState

_SECURITY = "/settings/personal/security"


def is_inside() -> Any:
    """Whether there is an organization that lets the person in: a var."""
    return (OrganizationState.organization_id != "") & ~OrganizationState.is_shut


def _may(right: str) -> rx.Var[bool]:
    return OrganizationState.rights.contains(right)


def _name_dialog(which: str, title: str, description: str, submit: str) -> rx.Component:
    errors = OrganizationState.errors
    is_new = which == "create"
    return dialog(
        None,
        dialog_form(
            form_field(
                "Organization name",
                "name",
                errors=errors,
                scope=f"{which}-organization",
                default_value="" if is_new else OrganizationState.name,
                auto_complete="organization" if is_new else "off",
                auto_focus=True,
                help_text="At most 100 characters.",
            ),
            on_submit=OrganizationState.create if is_new else OrganizationState.rename,
            submit_label=submit,
            is_busy=OrganizationState.is_busy,
            errors=errors,
        ),
        title=title,
        description=description,
        is_open=OrganizationState.dialog == which,
        on_open_change=OrganizationState.toggle,
    )


def _leave_dialog() -> rx.Component:
    return dialog(
        None,
        dialog_form(
            on_submit=OrganizationState.leave,
            submit_label="Leave",
            is_busy=OrganizationState.is_busy,
            errors=OrganizationState.errors,
            is_danger=True,
        ),
        title="Leave organization",
        description=rx.fragment(
            "You will no longer see ",
            rx.el.strong(OrganizationState.name),
            ". To come back, somebody there has to invite you again.",
        ),
        is_open=OrganizationState.dialog == "leave",
        on_open_change=OrganizationState.toggle,
    )


def _requirement_dialog(which: str, title: str, submit: str) -> rx.Component:
    return dialog(
        None,
        rx.cond(
            OrganizationState.touched.length() > 0,
            rx.el.ul(
                rx.foreach(OrganizationState.touched, rx.el.li),
                role="list",
                aria_label="Members without a second factor",
                class_name="touched",
            ),
        ),
        dialog_form(
            on_submit=OrganizationState.change_requirement,
            submit_label=submit,
            is_busy=OrganizationState.is_busy,
            errors=OrganizationState.errors,
        ),
        title=title,
        description=rx.fragment(OrganizationState.consequence),
        is_open=OrganizationState.dialog == which,
        on_open_change=OrganizationState.toggle,
    )


def _none() -> rx.Component:
    return empty_state(
        "You belong to no organization",
        "Create one to work on releases with others, or join one that invites you.",
    )


def _shut() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.el.strong(OrganizationState.name),
            " requires two-factor authentication",
            class_name="empty-title",
        ),
        rx.el.p(
            "It takes about a minute, and the workspace opens by itself.", class_name="empty-text"
        ),
        rx.el.a(
            "Set up two-factor authentication", href=_SECURITY, class_name="button-link text-link"
        ),
        class_name="empty",
    )


def _requirement() -> rx.Component:
    is_required = OrganizationState.requires_2fa
    words = rx.cond(
        is_required,
        "Required: nobody gets in without a second factor.",
        "Optional. Members can be required to have it.",
    )
    counted = rx.cond(OrganizationState.protected, f" On for {OrganizationState.protected}.", "")
    return rx.el.div(
        rx.el.div(
            rx.el.p("Two-factor authentication", class_name="row-title"),
            rx.el.p(words, counted, class_name="row-line"),
            class_name="row-words",
        ),
        rx.cond(
            _may("require_2fa"),
            rx.el.div(
                rx.cond(
                    is_required,
                    plain_button(
                        "Make it optional",
                        on_click=OrganizationState.open_dialog("make_2fa_optional"),
                    ),
                    plain_button(
                        "Require it", on_click=OrganizationState.open_dialog("require_2fa")
                    ),
                ),
                class_name="row-action row-actions",
            ),
        ),
        class_name="row",
    )


def _goodbye() -> rx.Component:
    return rx.el.div(
        plain_button("Leave organization", on_click=OrganizationState.open_dialog("leave")),
        rx.cond(
            _may("delete"),
            danger_button(
                "Delete organization",
                on_click=StepUpState.ask_about(
                    "delete_organization", OrganizationState.organization_id
                ),
            ),
        ),
        class_name="row row-buttons",
    )


def _status() -> rx.Component:
    return rx.cond(
        OrganizationState.is_loaded,
        rx.cond(
            is_inside(),
            rx.el.p(
                rx.el.strong(OrganizationState.name, class_name="profile-value"),
                " · ",
                OrganizationState.members,
            ),
            rx.cond(
                OrganizationState.is_shut,
                rx.el.p("Closed to you until two-factor authentication is on."),
                rx.el.p("People who work on releases together."),
            ),
        ),
        skeleton_lines(1),
    )


def _actions() -> rx.Component:
    return rx.cond(
        OrganizationState.organization_id == "",
        plain_button("Create organization", on_click=OrganizationState.open_dialog("create")),
        rx.cond(
            _may("rename"), plain_button("Rename", on_click=OrganizationState.open_dialog("rename"))
        ),
    )


def organization_card() -> rx.Component:
    """Build the Organization card with its dialogs."""
    body = rx.cond(
        OrganizationState.organization_id == "",
        _none(),
        rx.fragment(rx.cond(OrganizationState.is_shut, _shut(), _requirement()), _goodbye()),
    )
    return card(
        "organization",
        "Organization",
        rx.cond(OrganizationState.is_loaded, body, skeleton_lines(2)),
        _name_dialog(
            "create", "Create organization", "You become its owner. Then invite others.", "Create"
        ),
        _name_dialog("rename", "Rename organization", "Everybody in it sees the new name.", "Save"),
        _leave_dialog(),
        _requirement_dialog("require_2fa", "Require two-factor authentication", "Require it"),
        _requirement_dialog(
            "make_2fa_optional", "Make two-factor authentication optional", "Make it optional"
        ),
        status=_status(),
        badge=rx.cond(OrganizationState.role, badge(OrganizationState.role)),
        actions=rx.cond(OrganizationState.is_loaded, _actions()),
    )
