"""What a user asks for and has yet to confirm: one file a deed, each with the operation that does it."""

from __future__ import annotations
