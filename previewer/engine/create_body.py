"""Create bodies, labelled with the request and completed from the image."""

from __future__ import annotations

from previewer.domain.drift.fields import BINDING, LABELS, SUBNETS, Fields, asked_text
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.labels import ASKED, CONTAINER_LABELS
from previewer.engine.mapping.container import ContainerBody
from previewer.engine.mapping.part import Raw
from previewer.engine.normal_form import normal_form
from previewer.engine.resource_form import binding_of, network_form, subnets_of, volume_form


def joined_body(wanted: ContainerBody) -> Raw:
    """A container's create body with all networks in it, those that older engines join later too."""
    endpoints = as_object(as_object(wanted.body.get("NetworkingConfig")).get("EndpointsConfig"))
    later = {joined.network: joined.endpoint for joined in wanted.later_networks}
    return {**wanted.body, "NetworkingConfig": {"EndpointsConfig": {**endpoints, **later}}}


def labelled_container(wanted: ContainerBody) -> Raw:
    """The create body of a container."""
    return _labelled(wanted.body, normal_form(joined_body(wanted)))


def labelled_network(body: Raw) -> Raw:
    """The create body of a network, with what was chosen for it."""
    return _labelled(body, {**network_form(body), SUBNETS: ", ".join(subnets_of(body)), BINDING: binding_of(body)})


def labelled_volume(body: Raw) -> Raw:
    """The create body of a volume, of whose options nothing is told: they may hold a password."""
    form = volume_form(body)
    return _labelled(body, {name: form[name] for name in form if name.startswith(LABELS)})


def _labelled(body: Raw, fields: Fields) -> Raw:
    return {**body, "Labels": {**as_object(body.get("Labels")), ASKED: asked_text(fields)}}


_CHECK_DEFAULTS = ("Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries")


def complete_body(body: JsonObject, image: JsonObject) -> dict[str, JsonValue]:
    """A create body with what it inherits from its image's ``Config`` (moby, ``daemon/commit.go: merge``)."""
    made = dict(body)
    for key in ("User", "WorkingDir", "StopSignal", "StopTimeout"):
        made[key] = body.get(key) or image.get(key)
    inherited = {
        key: value for key, value in as_object(image.get("Labels")).items() if key not in CONTAINER_LABELS
    }
    made["Labels"] = {**inherited, **as_object(body.get("Labels"))}
    made["ExposedPorts"] = {**as_object(image.get("ExposedPorts")), **as_object(body.get("ExposedPorts"))}
    if not as_list(body.get("Entrypoint")):
        made["Cmd"] = body.get("Cmd") or image.get("Cmd")
        if body.get("Entrypoint") is None:
            made["Entrypoint"] = image.get("Entrypoint")
    made["Env"] = _environment(as_list(body.get("Env")), as_list(image.get("Env")))
    made["Healthcheck"] = _health_check(as_object(body.get("Healthcheck")), as_object(image.get("Healthcheck")))
    return made


def _environment(own: JsonValue, inherited: JsonValue) -> list[JsonValue]:
    """A bare key takes the image's variable away."""
    entries = [as_text(entry) for entry in as_list(own)]
    said = {entry.partition("=")[0] for entry in entries}
    kept = [text for entry in as_list(inherited) if (text := as_text(entry)).partition("=")[0] not in said]
    return [*kept, *(entry for entry in entries if "=" in entry)]


def _health_check(own: JsonObject, inherited: JsonObject) -> JsonObject:
    if not own or not inherited:
        return own or inherited
    return {**own, **{key: own.get(key) or inherited.get(key) for key in _CHECK_DEFAULTS}}
