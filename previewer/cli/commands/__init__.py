"""One module a verb; each is imported when its verb is run, and imports operations when it runs."""

from __future__ import annotations
