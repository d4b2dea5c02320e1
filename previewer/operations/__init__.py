"""What a user can do: the only rooms that both front ends call. One file a verb."""

from __future__ import annotations
