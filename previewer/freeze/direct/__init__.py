"""Images that are a base and files of the commit: made without a builder."""

from __future__ import annotations
