"""What the Compose Specification says about keys that are not written.

``fill_defaults`` runs for each project directory (an included file's, too), ``normalise`` once on the whole model.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from previewer.definition.dotenv import read_dotenv, read_raw_environment
from previewer.definition.interpolation import Lookup
from previewer.definition.paths import unmount
from previewer.definition.reading import Reading, with_run_variables
from previewer.definition.short_forms import clean_target
from previewer.definition.values import (
    ModelError,
    Table,
    Value,
    as_items,
    as_table,
    items_at,
    named_tables,
    table_at,
    tables_at,
)
from previewer.definition.yaml.scalars import go_text
from previewer.domain.compose.definition import ModelPath
from previewer.errors import OutsideTreeError


def environment_table(value: Value, around: Mapping[str, str]) -> Table:
    """Variables by name; one without a value takes it from ``around``, else it is null (unset in the container).

    Raises :class:`ModelError` for a name with white space at its end.
    """
    if not isinstance(value, list):
        return {key: around.get(key) if item is None else go_text(item) for key, item in as_table(value).items()}
    table: Table = {}
    for item in as_items(value):
        key, equals, assigned = go_text(item).partition("=")
        if key[-1:].isspace():
            raise ModelError(f"the name of the variable {key!r} ends with white space")
        table[key] = assigned if equals else around.get(key)
    return table


def fill_environment_list(value: Value, around: Mapping[str, str]) -> Value:
    """A list in which every ``KEY`` that ``around`` knows has its value; anything else unchanged.

    Done once for each project directory, since an included file has variables of its own.
    """
    if not isinstance(value, list):
        return value
    return [f"{item}={around[item]}" if isinstance(item, str) and item in around else item for item in value]


def fold_environment_files(reading: Reading, name: str, service: Table, *, variables: Mapping[str, str]) -> None:
    """Replace ``env_file`` and ``label_file`` of ``service`` by what they hold, in place.

    Files count in their order, and what the service itself says wins. A value in a file may use the project's
    ``variables``, then the service's own environment, then what the files have said so far. Raises
    :class:`DefinitionError` for a required file that is missing.
    """
    written = table_at(service, "environment")
    own = {key: str(value) for key, value in written.items() if value is not None}

    lookup = with_run_variables(lambda key: variables[key] if key in variables else own.get(key))

    folded = dict(own)
    for env_file in tables_at(service, "env_file"):
        path = ("services", name, "env_file")
        folded.update(_read(reading, env_file, lookup=lookup, before=folded, path=path))
    service.pop("env_file", None)
    service.pop("environment", None)
    if folded or written:
        service["environment"] = {**folded, **written}

    labels: dict[str, str] = {}
    for label_file in items_at(service, "label_file"):
        read = reading.dotenv(str(label_file), lookup=labels.get)
        if read is None:
            raise ModelError(
                f"the label file {unmount(str(label_file))} is not in the commit",
                path=("services", name, "label_file"),
            )
        labels.update(read)
    service.pop("label_file", None)
    if labels:
        service["labels"] = {**labels, **table_at(service, "labels")}


def _read(
    reading: Reading, env_file: Table, *, lookup: Lookup, before: Mapping[str, str], path: ModelPath
) -> dict[str, str]:
    place = str(env_file.get("path"))
    try:
        content = reading.read_environment_file(place)
    except OutsideTreeError as error:
        if names := reading.outside.given_names(place):
            return {name: value for name in names if (value := lookup(name)) is not None}
        hint = "--env-file FILE gives a file of this machine in its place"
        raise OutsideTreeError(error.message, where=error.where, hint=hint) from error
    if content is None:
        variables = reading.uncommitted_environment(place, lookup=lookup)
        if variables is None and env_file.get("required", True) is not False:
            message = f"the environment file {unmount(place)} is not in the commit"
            reading.outside.want(f"{'.'.join(path)}: {message}", str(reading.sources.locate(path)))
        return variables or {}
    file_format = env_file.get("format") or ""
    if file_format == "raw":
        return read_raw_environment(content, file=unmount(place), lookup=lookup)
    if file_format:
        raise ModelError(
            f"{file_format!r} is not a format of environment files", path=path, hint="the only one is raw"
        )
    return read_dotenv(content, file=unmount(place), lookup=lookup, before=before, budget=reading.text)


DEFAULT_NETWORK = "default"
SERVICE_PREFIX = "service:"
NAMESPACE_KEYS = ("network_mode", "ipc", "pid", "uts", "cgroup")
"""The namespaces that a service may share with another one by ``service:NAME``."""


def fill_defaults(model: Table, *, variables: Mapping[str, str]) -> None:
    """Write, in place, what long forms leave out and what ``environment`` lists take from ``variables``."""
    for _, service in named_tables(model, "services"):
        if isinstance(service.get("build"), dict):
            table_at(service, "build").setdefault("context", ".")
        for secret in tables_at(service, "secrets"):
            secret.setdefault("target", f"/run/secrets/{secret.get('source')}")
        for port in tables_at(service, "ports"):
            port.setdefault("protocol", "tcp")
            port.setdefault("mode", "ingress")
        for device in reserved_devices(service):
            if "count" not in device and "device_ids" not in device:
                device["count"] = "all"
        if "environment" in service:
            service["environment"] = fill_environment_list(service["environment"], variables)


def reserved_devices(service: Table) -> Iterator[Table]:
    """The devices of ``gpus`` and of ``deploy.resources.reservations``."""
    reservations = table_at(service, "deploy", "resources", "reservations")
    return itertools.chain(tables_at(service, "gpus"), tables_at(reservations, "devices"))


def normalise(model: Table, *, variables: Mapping[str, str]) -> None:
    """Write what follows from the rest of the model, in place; ``model`` has its ``name`` already."""
    for name, service in named_tables(model, "services"):
        _join_default_network(model, service)
        if service.get("pull_policy") == "if_not_present":
            service["pull_policy"] = "missing"
        try:
            _normalise_build(table_at(service, "build"), variables)
            if "environment" in service:
                service["environment"] = dict(environment_table(service["environment"], variables))
        except ModelError as error:
            raise error.under("services", name, "environment") from error
        for volume in tables_at(service, "volumes"):
            if isinstance(volume.get("target"), str):
                volume["target"] = clean_target(str(volume["target"]))
        _depend_on_what_is_used(service)
    _name_resources(model)


def _join_default_network(model: Table, service: Table) -> None:
    if "provider" not in service and "network_mode" not in service and not service.get("networks"):
        service["networks"] = {DEFAULT_NETWORK: None}
    if DEFAULT_NETWORK in table_at(service, "networks"):
        networks = table_at(model, "networks")
        networks.setdefault(DEFAULT_NETWORK, None)
        model["networks"] = networks


def _normalise_build(build: Table, variables: Mapping[str, str]) -> None:
    if not build:
        return
    if build.get("context") is None:
        build["context"] = "."
    if build.get("dockerfile") is None and build.get("dockerfile_inline") is None:
        build["dockerfile"] = "Dockerfile"
    if "args" in build:
        args = environment_table(build["args"], variables)
        build["args"] = {key: value for key, value in args.items() if value is not None}


def _depend_on_what_is_used(service: Table) -> None:
    """``links`` and shared namespaces need the other service, and restart with it; ``volumes_from`` needs it."""
    dependencies = table_at(service, "depends_on")
    for name, restarts in _used_services(service):
        dependencies.setdefault(name, {"condition": "service_started", "restart": restarts, "required": True})
    if dependencies:
        service["depends_on"] = dependencies


def _used_services(service: Table) -> Iterator[tuple[str, bool]]:
    for link in items_at(service, "links"):
        text = str(link)
        yield text.split(":")[0] if text.count(":") == 1 else text, True
    for key in NAMESPACE_KEYS:
        mode = service.get(key)
        if isinstance(mode, str) and mode.startswith(SERVICE_PREFIX):
            yield mode.removeprefix(SERVICE_PREFIX), True
    for source in items_at(service, "volumes_from"):
        if not str(source).startswith("container:"):
            yield str(source).split(":")[0], False


def _name_resources(model: Table) -> None:
    for section in ("networks", "volumes", "configs", "secrets"):
        resources = table_at(model, section)
        for key, value in resources.items():
            resource: dict[str, Value] = as_table(value)
            resources[key] = resource
            if resource.get("name") is None:
                is_external = resource.get("external") in (True, "true")
                resource["name"] = key if is_external else f"{model['name']}_{key}"
