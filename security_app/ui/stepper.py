"""Where a flow of several steps stands."""

import reflex as rx


def stepper(step: int | rx.Var[int], total: int) -> rx.Component:
    """Say which step of a dialog is shown.

    Args:
        step: Current step, from 1.
        total: Number of steps.

    Returns:
        "Step 2 of 4" with dots, announced when it changes.
    """
    current = rx.Var.create(step).to(int)
    dots = [
        rx.el.span(class_name="step-dot", data_done=rx.cond(current >= n, "true", "false"))
        for n in range(1, total + 1)
    ]
    return rx.el.div(
        rx.el.span("Step ", current.to_string(), f" of {total}"),
        rx.el.span(*dots, class_name="step-dots", aria_hidden="true"),
        role="status",
        class_name="stepper",
    )
