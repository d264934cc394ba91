"""How the tests start a browser, and what they look for in it."""

import os
import shutil
from pathlib import Path
from typing import Any

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
NOTE_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (e) => violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def chromium() -> str | None:
    """The path of a Chromium of the system; CHROMIUM names another one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def seconds_to_open(page: Any) -> float:
    """What opening the page once more takes of a processor, in the process that draws it.

    The clock's seconds are as few where nobody else is at work, and anything where somebody is.
    """
    inspector = page.context.new_cdp_session(page)
    inspector.send("Performance.enable")

    def spent() -> float:
        metrics = inspector.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "ProcessTime")

    before = spent()
    page.reload()
    return spent() - before


def note_faults(page: Any, file: Path, faults: list[str]) -> None:
    """Adds to `faults` whatever the page complains of, and whatever it asks for beside itself."""

    def ask(request: Any) -> None:
        if not request.url.startswith("data:") and request.url.partition("#")[0] != file.as_uri():
            faults.append(f"the page asked for {request.url}")

    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", ask)
