"""How the domains look that wait for their proof."""

import reflex as rx

from security_app.cards.single_sign_on.state import DomainRow, SingleSignOnState
from security_app.ui.badge import badge
from security_app.ui.button import plain_button
from security_app.ui.copy_button import copy_button
from security_app.ui.relative_time import relative_time

#: By what the latest look for a record found.
_FINDINGS = {
    "missing": (
        "No TXT record of this name was found. A new one can take hours to be seen "
        "everywhere; some consoles add the domain to the name by themselves."
    ),
    "other": (
        "There is a TXT record of this name, but none with this value. Copy the value once more."
    ),
    "silent": (
        "DNS gave no answer for this name. Check again in some minutes; if it stays so, the "
        "domain's name servers do not work."
    ),
    "in_use": (
        "The record is there, but another organization has proven this domain before. Ask "
        "our support."
    ),
}


def domains_to_prove() -> rx.Component:
    """The domains that count once their DNS record is found, each with that record."""
    return rx.cond(
        SingleSignOnState.waiting,
        rx.el.ul(
            rx.foreach(SingleSignOnState.waiting, _waiting_row),
            role="list",
            aria_label="Domains to prove",
            class_name="rows",
        ),
    )


def _record_part(label: str, which: str, row: rx.Var[DomainRow], text: rx.Var[str]) -> rx.Component:
    """One thing to copy into the DNS."""
    part_id = f"record-{which}-{row.domain}"
    return rx.el.div(
        rx.el.label(label, html_for=part_id, class_name="label"),
        rx.el.div(
            rx.el.output(text, id=part_id, class_name="secret"),
            copy_button(text, f"Copy {which}"),
            class_name="secret-line",
        ),
    )


def _finding(row: rx.Var[DomainRow]) -> rx.Component:
    return rx.fragment(
        rx.match(row.finding, *_FINDINGS.items(), "Not checked yet."),
        rx.cond(
            row.checked_at,
            rx.fragment(" ", rx.el.span("Checked ", relative_time(row.checked_at), ".")),
        ),
    )


def _waiting_row(row: rx.Var[DomainRow]) -> rx.Component:
    title_id = f"waiting-{row.domain}"
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.strong(row.domain, id=title_id, class_name="row-title"),
                badge("Not proven", "warning"),
                class_name="row-title-line",
            ),
            rx.el.p(
                "Its addresses sign nobody in yet. Add this TXT record to its DNS, then check. "
                "Once found it is needed no more.",
                class_name="row-line",
            ),
            rx.el.div(
                _record_part("Name", "name", row, row.record_name),
                _record_part("Value", "value", row, row.record_value),
                class_name="record",
            ),
            rx.el.p(_finding(row), class_name="row-line"),
            class_name="row-words",
        ),
        rx.el.div(
            plain_button(
                "Check again",
                on_click=SingleSignOnState.check_domain(row.domain),
                loading=SingleSignOnState.checking == row.domain,
                aria_describedby=title_id,
            ),
            class_name="row-action row-actions",
        ),
        key=row.domain,
        data_testid="waiting-domain",
        class_name="row row-tall",
    )
