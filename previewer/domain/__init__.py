"""What is true: frozen values and pure functions.

Imports only the standard library, itself and ``previewer.errors``.
"""

from __future__ import annotations
