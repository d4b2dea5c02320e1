"""The wire to a Docker engine: the only room that imports the docker SDK."""

from __future__ import annotations

from previewer.docker_api.ssh_later import import_sdk

import_sdk()
