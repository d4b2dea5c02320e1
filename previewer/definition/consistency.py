"""What must hold between the parts of a model: keys that exclude each other, references that lead somewhere."""

from __future__ import annotations

from collections.abc import Callable

from previewer.definition.defaults import SERVICE_PREFIX, reserved_devices
from previewer.definition.selection import used_resources
from previewer.definition.short_forms import check_ip_address
from previewer.definition.values import (
    RESOURCE_SECTIONS,
    ModelError,
    Table,
    Value,
    as_table,
    items_at,
    named_tables,
    nearest_name_hint,
    table_at,
    tables_at,
)
from previewer.domain.compose.keys import SERVICE_KEYS

CONTENT_KEYS = {"configs": ("file", "environment", "content"), "secrets": ("file", "environment")}
"""By section: where the content of a resource may come from."""


def check_exclusive_keys(model: Table) -> None:
    """Raises :class:`ModelError` with the place for resources, ports and devices that contradict themselves."""
    for name, volume in named_tables(model, "volumes"):
        if volume.get("external") is True:
            for key in volume:
                if key not in ("name", "external") and not key.startswith("x-"):
                    raise ModelError(f"an external volume has no {key!r}", path=("volumes", name, key))
    for section, keys in CONTENT_KEYS.items():
        for name, value in table_at(model, section).items():
            _check_content(as_table(value), keys, (section, name))
    for name, service in named_tables(model, "services"):
        _check_service(name, service)


def _check_content(resource: Table, keys: tuple[str, ...], path: tuple[str, str]) -> None:
    written = [key for key in keys if key in resource]
    if len(written) > 1:
        raise ModelError(f"only one of {', '.join(keys)} may be set", path=path)
    if not written and not resource.keys() & {"driver", "external"}:
        raise ModelError(f"one of {', '.join(keys)} must be set", path=path)


def _check_service(name: str, service: Table) -> None:
    for index, port in enumerate(tables_at(service, "ports")):
        if "host_ip" in port:
            try:
                check_ip_address(str(port["host_ip"]))
            except ModelError as error:
                raise error.under("services", name, "ports", str(index)) from error
    for volume in tables_at(service, "volumes"):
        if volume.get("type") == "bind" and "source" not in volume:
            raise ModelError("a bind mount needs a source", path=("services", name, "volumes"))
    for device in reserved_devices(service):
        if "count" in device and "device_ids" in device:
            raise ModelError("a device has either 'count' or 'device_ids'", path=("services", name))


TEST_KINDS = ("CMD", "CMD-SHELL", "NONE")
"""How the list form of ``healthcheck.test`` begins."""
WATCH_ACTIONS_WITHOUT_TARGET = ("rebuild", "restart")
LIMITS = tuple((row.path, row.same_as) for row in SERVICE_KEYS if row.same_as)
"""A key of the service, and the place below ``deploy.resources`` that says the same."""


def check_consistency(model: Table, *, enabled: Table) -> None:
    """Raises :class:`ModelError` with the place for the first contradiction.

    ``enabled`` holds the services of ``model`` that take part; only they are checked.
    """
    for name, service in enabled.items():
        for check in SERVICE_CHECKS:
            check(name, as_table(service))
        _check_references(name, as_table(service), model)
        _check_dependencies(name, as_table(service), enabled, model)
    _check_container_names(enabled)
    _check_dependency_cycles(enabled)
    for name, secret in named_tables(model, "secrets"):
        if not any(secret.get(key) for key in ("external", "file", "environment")):
            raise ModelError("a secret needs 'file' or 'environment'", path=("secrets", name))


def _check_source(name: str, service: Table) -> None:
    if not any(service.get(key) for key in ("build", "image", "provider")):
        raise ModelError("a service needs 'image' or 'build'", path=("services", name))


def _check_build(name: str, service: Table) -> None:
    build = table_at(service, "build")
    path = ("services", name, "build")
    if build.get("dockerfile_inline") and build.get("dockerfile"):
        raise ModelError("a build has either 'dockerfile' or 'dockerfile_inline'", path=path)
    platform, platforms = service.get("platform"), items_at(build, "platforms")
    if platform and platforms and platform not in platforms:
        raise ModelError(f"the service's platform {platform!r} is not among these", path=(*path, "platforms"))


def _check_network_mode(name: str, service: Table) -> None:
    if service.get("network_mode") and service.get("networks"):
        raise ModelError(
            "a service has either 'networks' or 'network_mode'", path=("services", name, "network_mode")
        )


def _check_healthcheck(name: str, service: Table) -> None:
    test = items_at(service, "healthcheck", "test")
    if test and test[0] not in TEST_KINDS:
        raise ModelError(
            f"a list here begins with one of {', '.join(TEST_KINDS)}",
            path=("services", name, "healthcheck", "test"),
        )


def _check_scale(name: str, service: Table) -> None:
    """``scale`` and ``deploy.replicas`` are one number, and several containers cannot share a name."""
    scale = service.get("scale")
    deploy = table_at(service, "deploy")
    replicas = deploy.get("replicas")
    if scale is not None and replicas is not None and scale != replicas:
        raise ModelError("'scale' and 'deploy.replicas' differ", path=("services", name, "scale"))
    if deploy and scale is not None:
        deploy["replicas"] = scale
    count = replicas if scale is None else scale
    if not isinstance(count, int):
        return
    if count < 0:
        raise ModelError("this must not be negative", path=("services", name, "scale"))
    if count > 1 and service.get("container_name"):
        raise ModelError("several containers cannot have one name", path=("services", name, "container_name"))


def _check_limits(name: str, service: Table) -> None:
    for key, place in LIMITS:
        section, resource = place.split(".")
        resources = table_at(service, "deploy", "resources", section)
        value = service.get(key)
        if value in (None, 0, "0") or not resources:
            continue
        if resources.get(resource, "0" if isinstance(value, str) else 0) != value:
            raise ModelError(f"{key!r} and 'deploy.resources.{place}' differ", path=("services", name, key))


def _check_watch(name: str, service: Table) -> None:
    for watch in tables_at(service, "develop", "watch"):
        if not watch.get("target") and watch.get("action") not in WATCH_ACTIONS_WITHOUT_TARGET:
            raise ModelError(
                f"the action {watch.get('action')!r} needs a target", path=("services", name, "develop", "watch")
            )


def _check_mount_targets(name: str, service: Table) -> None:
    mounted = [(str(item).split(":")[0], "tmpfs") for item in items_at(service, "tmpfs")]
    mounted += [(str(volume.get("target")), "volumes") for volume in tables_at(service, "volumes")]
    seen: set[str] = set()
    for target, key in mounted:
        if target in seen:
            raise ModelError(f"two things are mounted at {target}", path=("services", name, key))
        seen.add(target)


SERVICE_CHECKS: tuple[Callable[[str, Table], None], ...] = (
    _check_source,
    _check_build,
    _check_network_mode,
    _check_healthcheck,
    _check_scale,
    _check_limits,
    _check_watch,
    _check_mount_targets,
)
"""What must hold within one service."""


def _check_references(name: str, service: Table, model: Table) -> None:
    for section in RESOURCE_SECTIONS:
        known = table_at(model, section)
        for reference in used_resources(service, section):
            if reference not in known:
                raise ModelError(
                    f"there is no {section.removesuffix('s')} {reference!r}",
                    path=("services", name, section, reference),
                    hint=nearest_name_hint(reference, known) or f"declare it under the top-level key {section!r}",
                )


def _check_dependencies(name: str, service: Table, enabled: Table, model: Table) -> None:
    declared = table_at(model, "services")
    for dependency, settings in table_at(service, "depends_on").items():
        if dependency in enabled:
            continue
        if dependency not in declared:
            hint = nearest_name_hint(dependency, declared)
            raise _missing_service(dependency, ("services", name, "depends_on", dependency), hint)
        if as_table(settings).get("required", True):
            hint = f"enable one of its profiles: {', '.join(map(str, _profiles(declared[dependency])))}"
            raise _missing_service(dependency, ("services", name, "depends_on", dependency), hint)
    for context, source in table_at(service, "build", "additional_contexts").items():
        referred = str(source).removeprefix(SERVICE_PREFIX)
        if str(source).startswith(SERVICE_PREFIX) and referred not in enabled:
            path = ("services", name, "build", "additional_contexts", context)
            raise _missing_service(referred, path, nearest_name_hint(referred, enabled))


def _profiles(service: Value) -> list[Value]:
    return items_at(service, "profiles")


def _missing_service(name: str, path: tuple[str, ...], hint: str | None) -> ModelError:
    return ModelError(f"there is no service {name!r}", path=path, hint=hint)


def _check_container_names(enabled: Table) -> None:
    owners: dict[Value, str] = {}
    for name, service in enabled.items():
        container_name = as_table(service).get("container_name")
        if not isinstance(container_name, str) or not container_name:
            continue
        if container_name in owners:
            raise ModelError(
                f"the service {owners[container_name]!r} has this container name too",
                path=("services", name, "container_name"),
            )
        owners[container_name] = name


def _check_dependency_cycles(enabled: Table) -> None:
    """Take away the services whose dependencies are all taken away; what stays, waits for itself."""
    waiting = {
        name: {other for other in table_at(enabled, name, "depends_on") if other in enabled} for name in enabled
    }
    while ready := {name for name, others in waiting.items() if not others}:
        waiting = {name: others - ready for name, others in waiting.items() if name not in ready}
    if waiting:
        cycle = _cycle_from(min(waiting), waiting)
        raise ModelError(
            f"these services wait for each other: {' → '.join(cycle)}",
            path=("services", cycle[0], "depends_on", cycle[1]),
        )


def _cycle_from(name: str, waiting: dict[str, set[str]]) -> list[str]:
    trail: list[str] = []
    while name not in trail:
        trail.append(name)
        name = min(other for other in waiting[name] if other in waiting)
    return [*trail[trail.index(name) :], name]
