"""What an operation works with, and how it is opened."""

from __future__ import annotations
