"""How containers run: limits where there are none, restarts, and root file systems that are read-only."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from previewer.domain.compose.definition import Role
from previewer.domain.compose.log_bound import bounded_logging
from previewer.domain.compose.service import Service
from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import JsonValue, as_object
from previewer.domain.policy.quantity_rules import own_limit, quantities
from previewer.domain.policy.rewrite_rules import LOG_SIZE, RESTART, endless_restarts

NO_NEW_PRIVILEGES = "no-new-privileges"


def cap_restarts(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """In previews, make restarting for ever restarting on failure."""
    if circumstances.role is not Role.PREVIEW:
        return
    for keys, restart in endless_restarts(service):
        if circumstances.trust.grant_for(RESTART, (restart,)) is None:
            reason = "a preview that has ended should show as ended, and none comes back after a reboot"
            yield change_service(service, *keys, after="on-failure", reason=reason)


def limit_resources(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Set the definition's own defaults, else the role's, where a service has no limit."""
    reason = "the service sets no limit"
    pids = own_limit(circumstances.definition, "pids") or circumstances.limits.pids
    if pids and not list(quantities(service, key="pids_limit", limit="pids")):
        yield change_service(service, "pids_limit", after=pids, reason=reason)
    memory = own_limit(circumstances.definition, "memory") or circumstances.limits.memory
    if memory and not list(quantities(service, key="mem_limit", limit="memory")):
        yield change_service(service, "mem_limit", after=str(memory), reason=reason)
    cpus = circumstances.definition.extension.limits.cpus or circumstances.limits.cpus
    if cpus and not any((service.cpus, service.cpu_quota, service.deploy.resources.limits.cpus)):
        yield change_service(service, "cpus", after=cpus, reason=reason)


def forbid_new_privileges(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """In previews, keep programs from gaining privileges by set-uid files, unless the service decides itself."""
    options = service.security_opt
    decided = any(option.startswith(NO_NEW_PRIVILEGES) for option in options)
    if circumstances.role is Role.PREVIEW and not decided:
        reason = "code under preview gains no privileges by set-uid programs"
        after = [*options, f"{NO_NEW_PRIVILEGES}:true"]
        yield change_service(service, "security_opt", after=after, reason=reason)


def bound_logs(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Keep three files of ten megabytes, unless the service keeps less or its branch is trusted with more."""
    logging = as_object(service.spec.get("logging"))
    if logging and circumstances.trust.grant_for(LOG_SIZE, (service.name,)):
        return
    bounded = bounded_logging(logging)
    if bounded != logging:
        reason = "a log without an end fills the disk"
        yield change_service(service, "logging", after=bounded, reason=reason)


def close_file_system(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Make the root file system read-only, and mount memory where ``x-previewer.writable`` says so."""
    extension = circumstances.definition.extension
    if extension.immutability != "enforce":
        return
    if not service.read_only:
        reason = "x-previewer.immutability is enforced: what runs stays what was frozen"
        yield change_service(service, "read_only", after=True, reason=reason)
    writable = extension.writable.get(service.name, ())
    mounted = _mounted(service)
    paths: list[JsonValue] = [path for path in writable if posixpath.normpath(path) not in mounted]
    if paths:
        reason = "x-previewer.writable names what may be written; it is memory, and goes with the container"
        after = [*service.tmpfs, *paths]
        yield change_service(service, "tmpfs", after=after, reason=reason)


def _mounted(service: Service) -> frozenset[str]:
    """The paths at which something is mounted already."""
    paths = (*(mount.target for mount in service.volumes), *(entry.split(":")[0] for entry in service.tmpfs))
    return frozenset(map(posixpath.normpath, paths))
