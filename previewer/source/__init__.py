"""Where code comes from: revisions, branches and the files of a commit."""

from __future__ import annotations
