"""Domain values as rows of JSON, and the columns that show them. One module a noun."""

from __future__ import annotations
