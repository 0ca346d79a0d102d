"""Find or install the Chromium the browser tests drive, and print where it is.

In this order: the one named by CHROMIUM, one on PATH, Debian's package where
apt-get may be used, Playwright's own download. The answer is also kept in
``.venv/chromium-path``, where the tests look when CHROMIUM is not set.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

#: The shell comes first: without windows nobody sees it takes a third of the processor time.
_SHELL = "chromium-headless-shell"
NAMES = (_SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEMBERED = Path(__file__).resolve().parent.parent / ".venv" / "chromium-path"


def starts(browser: str) -> bool:
    """Whether a browser runs at all: some systems have a stub of that name on PATH.

    Args:
        browser: path of the executable.
    """
    try:
        answer = subprocess.run(
            [browser, "--version"], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def on_path(*, has_windows: bool = False) -> str | None:
    """The first usable browser on PATH; with windows where somebody wants to look on."""
    found = (shutil.which(name) for name in NAMES if not (has_windows and name == _SHELL))
    return next((browser for browser in found if browser and starts(browser)), None)


def from_debian() -> str | None:
    """Install the distribution's package, where that is possible without asking anybody."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    say("Installing Debian's chromium ...")
    run_quietly("apt-get", "update", "-qq")
    # Older releases have no package of the shell alone.
    for package in (_SHELL, "chromium"):
        run_quietly("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)
        if found := on_path():
            return found
    return None


def from_playwright() -> str | None:
    """Let Playwright download the browser it was made for."""
    from playwright.sync_api import sync_playwright

    say("Downloading Playwright's chromium ...")
    run_quietly(sys.executable, "-m", "playwright", "install", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.executable_path
    return browser if starts(browser) else None


def run_quietly(*command: str) -> None:
    """Run an installer that must not ask; whether it worked shows in what starts afterwards."""
    subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )


def say(text: str) -> None:
    """Tell the person who waits; standard output carries the answer only."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Print the path of a browser that starts.

    Returns:
        The exit status: 1 when there is none.
    """
    named = os.environ.get("CHROMIUM")
    if named and not starts(named):
        say(f"CHROMIUM={named} does not start.")
        return 1
    browser = named or on_path() or from_debian() or from_playwright()
    if not browser:
        say(
            "The browser tests need Chromium and none could be installed here.\n"
            "Install chromium or google-chrome, or set CHROMIUM to its path, and try again."
        )
        return 1
    REMEMBERED.parent.mkdir(exist_ok=True)
    REMEMBERED.write_text(browser + "\n", encoding="utf-8")
    print(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
