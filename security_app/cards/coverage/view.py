"""How "What 2FA covers" looks."""

import reflex as rx

from security_app.cards.coverage.state import CoverageState, CoverRow
from security_app.ui.card import card


def _row(row: rx.Var[CoverRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.action, scope="row"),
        rx.el.td(row.answer),
        key=row.action,
    )


def coverage_card() -> rx.Component:
    """Build the card: the step-up table in words."""
    return card(
        "coverage",
        "What 2FA covers",
        rx.el.table(
            rx.el.thead(
                rx.el.tr(rx.el.th("Action", scope="col"), rx.el.th("Asks for a code", scope="col"))
            ),
            rx.el.tbody(rx.foreach(CoverageState.rows, _row)),
            class_name="coverage",
        ),
        status="Where a second factor is asked once it is on.",
    )
