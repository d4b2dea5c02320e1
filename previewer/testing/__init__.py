"""For other people's tests: a commit of their repository as a running environment."""

from __future__ import annotations
