"""What a definition may have. One row a rule in ``table``; trust comes from the default branch's settings."""

from __future__ import annotations
