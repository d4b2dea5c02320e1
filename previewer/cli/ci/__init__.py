"""What CI systems read from a job: outputs, summaries, annotations, folded logs."""

from __future__ import annotations
