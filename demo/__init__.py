"""``make demo``: a sample application, its history, and a run of previewer on both."""

from __future__ import annotations
