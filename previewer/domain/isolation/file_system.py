"""Root file systems that nobody writes to, where ``x-previewer.immutability`` is to be enforced."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import JsonValue, as_list, as_object, as_text
from previewer.domain.service import Service


def close_file_system(service: Service, given: Circumstances) -> Iterator[Change]:
    """Make the root file system read-only, and mount memory where ``x-previewer.writable`` says so."""
    extension = given.definition.extension
    if extension.get("immutability") != "enforce":
        return
    if service.spec.get("read_only") is not True:
        reason = "x-previewer.immutability is enforced: what runs stays what was frozen"
        yield change_service(service, "read_only", after=True, reason=reason)
    writable = map(as_text, as_list(as_object(extension.get("writable")).get(service.name)))
    mounted = _mounted(service)
    wanted: list[JsonValue] = [path for path in writable if posixpath.normpath(path) not in mounted]
    if wanted:
        reason = "x-previewer.writable names what may be written; it is memory, and goes with the container"
        after = [*as_list(service.spec.get("tmpfs")), *wanted]
        yield change_service(service, "tmpfs", after=after, reason=reason)


def _mounted(service: Service) -> frozenset[str]:
    """The paths at which something is mounted already."""
    volumes = [as_text(as_object(entry).get("target")) for entry in as_list(service.spec.get("volumes"))]
    memory = [as_text(entry).split(":")[0] for entry in as_list(service.spec.get("tmpfs"))]
    return frozenset(posixpath.normpath(path) for path in (*volumes, *memory))
