"""Rewrite a definition so that any number of environments can be made from it side by side.

Names, host ports and addresses that can exist only once go; limits come where there are none. What services
call each other stays as it is.
"""

from __future__ import annotations

from previewer.domain.isolation.isolate import Isolated, Rewrite, apply_conditions, isolate

__all__ = ["Isolated", "Rewrite", "apply_conditions", "isolate"]
