"""The clock is set: what was made in what is the future now can be looked at all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.events import list_past_events

pytestmark = pytest.mark.docker


def test_nothing_has_happened_since_a_moment_that_lies_ahead(docker_connection: DockerConnection) -> None:
    assert list_past_events(docker_connection, datetime.now(UTC) + timedelta(days=1)) == ()
