"""What a container has of its image where its create body is silent: as the engine itself merges the two."""

from __future__ import annotations

from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.labels import CONTAINER_LABELS

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
