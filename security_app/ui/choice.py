"""One or several of a few: radio buttons or checkboxes with words on each."""

from typing import Any

import reflex as rx


def option(
    kind: str,
    name: str,
    value: rx.Var[str] | str,
    *words: rx.Component | rx.Var[str] | str,
    help_text: rx.Var[str] | str | None = None,
    option_id: rx.Var[str] | str = "",
    **props: Any,
) -> rx.Component:
    """Build one option.

    Args:
        kind: "radio" or "checkbox".
        name: Key in the submitted form.
        value: What is submitted.
        *words: Its name.
        help_text: What it means, where the name does not say it all; needs ``option_id``.
        option_id: An id of its own on the page.
        **props: Passed to the input.

    Returns:
        The label with its input.
    """
    attributes = props.pop("custom_attrs", {})
    parts = [rx.el.span(*words, class_name="choice-label")]
    if help_text is not None:
        # What it means describes it, and is no part of its name.
        label_id, help_id = f"{option_id}-label", f"{option_id}-help"
        attributes |= {"id": option_id, "aria-labelledby": label_id, "aria-describedby": help_id}
        label = rx.el.span(*words, id=label_id, class_name="choice-label")
        parts = [label, rx.el.span(help_text, id=help_id, class_name="choice-help")]
    return rx.el.label(
        rx.el.input(
            type=kind,
            name=name,
            value=value,
            custom_attrs=attributes,
            class_name="choice-mark",
            **props,
        ),
        rx.el.span(*parts, class_name="choice-words"),
        class_name="choice",
    )


def options(
    legend: str,
    name: str,
    *choices: rx.Component,
    errors: rx.Var[dict[str, str]],
    scope: str,
    class_name: str = "",
) -> rx.Component:
    """Build the group of some options.

    Args:
        legend: The name of the group.
        name: Key in ``errors``.
        *choices: From :func:`option`.
        errors: Field name to sentence.
        scope: Name of the form, so that ids stay unique on the page.
        class_name: Further CSS class of the list.

    Returns:
        The fieldset.
    """
    return rx.el.fieldset(
        rx.el.legend(legend, class_name="label"),
        rx.el.div(*choices, class_name=f"choices {class_name}".strip()),
        rx.el.p(errors[name], id=f"{scope}-{name}-error", class_name="field-error"),
        class_name="choice-group",
    )


def choice(
    legend: str,
    name: str,
    rows: rx.Var[Any],
    *,
    chosen: rx.Var[str] | str,
    errors: rx.Var[dict[str, str]],
    scope: str,
) -> rx.Component:
    """Build radio buttons from rows that a state knows.

    Args:
        legend: The name of the group.
        name: Key in the submitted form and in ``errors``.
        rows: With ``value``, ``label`` and ``help`` each.
        chosen: The value that is chosen at first.
        errors: Field name to sentence.
        scope: Name of the form.

    Returns:
        The fieldset.
    """
    first = rx.Var.create(chosen) if isinstance(chosen, str) else chosen

    def of_row(row: rx.Var[Any]) -> rx.Component:
        return rx.fragment(
            option(
                "radio",
                name,
                row.value,
                row.label,
                help_text=row.help,
                option_id=f"{scope}-{name}-{row.value}",
                default_checked=row.value == first,
            ),
            key=row.value,
        )

    return options(legend, name, rx.foreach(rows, of_row), errors=errors, scope=scope)
