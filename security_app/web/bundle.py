"""How the build cuts the scripts of the pages into files."""

from typing import Unpack

from reflex_base.constants import ReactRouter
from reflex_base.plugins.base import Plugin, PreCompileContext

#: What pages share is a file of its own from this size on, in bytes; smaller pieces join others.
_SMALLEST_FILE = 40_000
#: Where Reflex's configuration of the bundler lists the files it asks for.
_ANCHOR = "groups: ["
#: https://rolldown.rs/in-depth/manual-code-splitting
_SHARED = f"""
            {{
              name: "shared",
              minShareCount: 2,
              entriesAware: true,
              entriesAwareMergeThreshold: {_SMALLEST_FILE},
            }},"""


class FewFiles(Plugin):
    """Merges the small scripts that pages share into a few files.

    Left alone the bundler writes one for each set of pages that have something
    in common, however small: thirty for the Security page, and each costs a
    request, its headers, and a place among the six connections of a browser.
    """

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Have the bundler's configuration completed once Reflex has written it."""
        context["add_modify_task"](ReactRouter.VITE_CONFIG_FILE, with_few_files)


def with_few_files(vite_config: str) -> str:
    """Add our group to the bundler's configuration, after Reflex's own.

    Args:
        vite_config: the text Reflex wrote, or what this function made of it.

    Raises:
        RuntimeError: Reflex writes it another way now, so that the build would
            silently fall apart into many files.
    """
    if _SHARED in vite_config:
        return vite_config
    start = vite_config.find(_ANCHOR)
    end = vite_config.find("\n          ],", start)
    if start < 0 or end < 0:
        msg = f"No {_ANCHOR!r} in vite.config.js: has Reflex changed the way it writes it?"
        raise RuntimeError(msg)
    return vite_config[:end] + _SHARED + vite_config[end:]
