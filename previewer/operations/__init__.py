"""What a user can do: the only rooms that both front ends call. One file a verb; below, what verbs share."""

from __future__ import annotations
