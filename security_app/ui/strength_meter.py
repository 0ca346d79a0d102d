"""How strong a typed password is, in four bars and in words."""

from typing import Any

import reflex as rx

_BARS = 4


def strength_meter(strength: rx.Var[Any]) -> rx.Component:
    """Show the assessment of a password.

    Args:
        strength: Object var with ``score`` (-1 nothing typed, 0 to 4), ``label`` and ``advice``.

    Returns:
        The meter, announced politely while typing.
    """
    bars = [
        rx.el.span(
            class_name="strength-bar",
            data_filled=rx.cond(strength.score >= bar, "true", "false"),
        )
        for bar in range(1, _BARS + 1)
    ]
    return rx.el.div(
        rx.cond(
            strength.score >= 0,
            rx.el.div(
                rx.el.div(*bars, class_name="strength-bars", aria_hidden="true"),
                rx.el.p(
                    rx.el.span("Strength: ", class_name="visually-hidden"),
                    rx.el.strong(strength.label),
                    rx.foreach(strength.advice, lambda line: rx.el.span(" · ", line)),
                    class_name="strength-words",
                ),
                data_score=strength.score.to_string(),
                class_name="strength",
            ),
        ),
        aria_live="polite",
        class_name="strength-region",
    )
