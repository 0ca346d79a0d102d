"""Why a message was not taken.

DeliveryFailed
├── TemporaryFailure    worth another try: unreachable, timeout, 4xx, our own credentials
└── PermanentFailure    the server refuses this recipient or this message for good (5xx)
"""


class DeliveryFailed(Exception):
    """A message was not taken.

    Attributes:
        kind: a word and perhaps a reply code, "recipient_refused:550"; never the
            server's text, which repeats addresses.
    """

    def __init__(self, kind: str) -> None:
        """Keep the kind."""
        self.kind = kind
        super().__init__(kind)

    @property
    def word(self) -> str:
        """The kind without a reply code: one of a few words, for counting."""
        return self.kind.partition(":")[0]


class TemporaryFailure(DeliveryFailed):
    """Trying again later can help."""


class PermanentFailure(DeliveryFailed):
    """Trying again cannot help."""
