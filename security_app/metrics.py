"""What this process counts for the operator; ``web/monitoring.py`` shows it.

Labels are words of our own, and few: never an id, an address, or anything that
somebody sent.
"""

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, disable_created_metrics

# Otherwise each counter brings a second line with the time it began.
disable_created_metrics()

#: Not the library's global one: what other packages register there is not for showing.
counted = CollectorRegistry()
ProcessCollector(registry=counted)

mail_sent = Counter(
    "mail_sent", "Messages the mail server took, by kind of mail.", ["kind"], registry=counted
)
mail_postponed = Counter(
    "mail_postponed",
    "Tries to send a waiting message that failed and will be repeated, by reason.",
    ["reason"],
    registry=counted,
)
mail_codes_refused = Counter(
    "mail_codes_refused",
    "Mailed codes somebody waited for and did not get, by reason.",
    ["reason"],
    registry=counted,
)
sign_ins = Counter(
    "sign_ins",
    "Steps of a sign-in, by result, as the sign-in history has them.",
    ["result"],
    registry=counted,
)
