"""Collapsible sections and dotenv reports of GitLab.

https://docs.gitlab.com/ci/jobs/job_logs/ and https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DOTENV = "previewer.env"
"""What `artifacts: reports: dotenv:` names in the template."""
MOST_VARIABLES = 20
"""As many as every GitLab takes from one report."""


def section_start(name: str, title: str, at: float) -> str:
    """What begins a section; ``name`` is of letters, digits, ``_``, ``.`` and ``-``; ``at`` is a Unix time."""
    return f"\x1b[0Ksection_start:{int(at)}:{name}[collapsed=true]\r\x1b[0K{title}"


def section_end(name: str, at: float) -> str:
    """What ends it."""
    return f"\x1b[0Ksection_end:{int(at)}:{name}\r\x1b[0K"


def write_dotenv(folder: Path, values: Mapping[str, str]) -> None:
    """Hand variables to later jobs, and the URL to the job's environment. Values of several lines are left out."""
    kept = [(name, value) for name, value in values.items() if value and not set(value) & set("\r\n\"'`$\\ ")]
    text = "".join(f"{name}={value}\n" for name, value in kept[:MOST_VARIABLES])
    (folder / DOTENV).write_text(text, encoding="utf-8")
