"""Resource limits and health checks."""

from __future__ import annotations

from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object
from previewer.engine.mapping import values
from previewer.engine.mapping.fields import check_keys
from previewer.engine.mapping.part import Part, Raw, filled, too_old

RESTART_NAMES = {
    "": "always",
    "always": "always",
    "any": "always",
    "no": "no",
    "none": "no",
    "on-failure": "on-failure",
    "unless-stopped": "unless-stopped",
}
"""The conditions of ``deploy.restart_policy`` (``any`` unless it is said) as the engine's policies."""
_RATES = (
    ("device_read_bps", "BlkioDeviceReadBps"),
    ("device_read_iops", "BlkioDeviceReadIOps"),
    ("device_write_bps", "BlkioDeviceWriteBps"),
    ("device_write_iops", "BlkioDeviceWriteIOps"),
)


def map_deploy(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``deploy.resources`` and ``deploy.restart_policy``.

    Reserved processors and generic resources are for a scheduler that chooses between machines; so are the delay
    and the window of the restart policy: one engine has neither.
    """
    del api_version
    deploy = as_object(spec.compose.get("deploy"))
    check_keys(spec, deploy, below="deploy.")
    resources = as_object(deploy.get("resources"))
    host = _limits(as_object(resources.get("limits")))
    if memory := as_object(resources.get("reservations")).get("memory"):
        host["MemoryReservation"] = values.integer(memory)
    if deploy.get("restart_policy") is not None:
        host["RestartPolicy"] = _restart(as_object(deploy["restart_policy"]))
    return Part(host=host)


def map_blkio(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``blkio_config``."""
    del api_version
    settings = as_object(spec.compose.get("blkio_config"))
    host: Raw = {
        engine_key: [_device_value(as_object(entry), "Rate") for entry in as_list(settings.get(key))]
        for key, engine_key in _RATES
    }
    weights: list[JsonValue] = [
        _device_value(as_object(entry), "Weight") for entry in as_list(settings.get("weight_device"))
    ]
    weight = values.integer(settings["weight"]) if settings.get("weight") else None
    return Part(host=filled(**host, BlkioWeight=weight, BlkioWeightDevice=weights))


def _limits(limits: JsonObject) -> Raw:
    found: Raw = {}
    if limits.get("memory"):
        found["Memory"] = values.integer(limits["memory"])
    if limits.get("cpus"):
        found["NanoCpus"] = values.nano_cpus(limits["cpus"])
    if limits.get("pids"):
        found["PidsLimit"] = values.integer(limits["pids"])
    return found


def _restart(policy: JsonObject) -> JsonValue:
    condition = values.spell(policy.get("condition") or "")
    if condition not in RESTART_NAMES:
        raise ValueError(f"restart_policy.condition: {condition!r} is not a condition")
    return {
        "Name": RESTART_NAMES[condition],
        # The engine refuses a count with any other policy.
        "MaximumRetryCount": values.integer(policy.get("max_attempts") or 0) if condition == "on-failure" else 0,
    }


def _device_value(entry: JsonObject, engine_key: str) -> JsonValue:
    """Compose's printer spells these keys as the engine does; the specification in lower case."""
    path = entry.get("path", entry.get("Path"))
    return {
        "Path": values.text(path),
        engine_key: values.integer(entry.get(engine_key.lower(), entry.get(engine_key))),
    }


START_INTERVAL_SINCE = (1, 44)
_DURATIONS = (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod"))


def map_health(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``healthcheck``. Absent settings, the test included, are inherited from the image."""
    check = as_object(spec.compose.get("healthcheck"))
    if not check:
        return Part()
    if check.get("disable") is True:
        return Part(config={"Healthcheck": {"Test": ["NONE"]}})
    return Part(config={"Healthcheck": _settings(spec, check, api_version)})


def _settings(spec: ContainerSpec, check: JsonObject, api_version: tuple[int, int]) -> Raw:
    found: Raw = {}
    if check.get("test") is not None:
        test = check["test"]
        found["Test"] = ["CMD-SHELL", test] if isinstance(test, str) else values.texts(test)
    for key, engine_key in _DURATIONS:
        if check.get(key) is not None:
            found[engine_key] = values.nanoseconds(check[key])
    if check.get("retries") is not None:
        found["Retries"] = values.integer(check["retries"])
    if check.get("start_interval") is not None:
        if api_version < START_INTERVAL_SINCE:
            raise too_old(spec, "healthcheck.start_interval", since="Docker 25")
        found["StartInterval"] = values.nanoseconds(check["start_interval"])
    return found
