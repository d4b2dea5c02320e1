"""Health checks."""

from __future__ import annotations

from previewer.domain.json_value import JsonObject, as_object
from previewer.domain.specification import ContainerSpec
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Part, Raw, too_old

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
