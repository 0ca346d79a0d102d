"""What it means that an organization requires a second factor, or no longer does, in words."""

from security_app.accounts.organizations import Affected


def what_will_happen(affected: Affected, *, is_required: bool) -> str:
    """What the dialog says before the change.

    Args:
        is_required: whether it is about to be required.
    """
    count = len(affected.without_2fa)
    if not count and is_required:
        return (
            "Every member has a second factor: nobody is mailed, and nobody loses access now. "
            "Whoever joins later needs one too."
        )
    if not count:
        return (
            "Every member has a second factor. They may turn it off again, and whoever joins "
            "needs none. Nobody is mailed."
        )
    have = "has" if count == 1 else "have"
    who = f"{count} of {affected.members} members {have} no second factor."
    if is_required:
        return (
            f"{who} The workspace closes to them at once, until they have set one up, and each "
            "is told by mail. API keys go on working."
        )
    return f"{who} A password alone opens the workspace to them again, at once. Nobody is mailed."


def what_happened(told: int, *, is_required: bool) -> str:
    """What the notice says after the change.

    Args:
        told: how many members were mailed.
    """
    if not is_required:
        return "Two-factor authentication is optional again."
    mailed = {0: "", 1: " We mailed 1 member."}.get(told, f" We mailed {told} members.")
    return f"Two-factor authentication is required of every member now.{mailed}"
