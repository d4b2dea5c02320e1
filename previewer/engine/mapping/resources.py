"""Resource limits and health checks."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.domain.compose.service import DeviceRate, RestartPolicy
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonValue
from previewer.domain.units import parse_nanoseconds
from previewer.engine.mapping import values
from previewer.engine.mapping.fields import check_keys
from previewer.engine.mapping.part import Part, filled, too_old

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


def map_deploy(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``deploy.resources`` and ``deploy.restart_policy``.

    Reserved processors and generic resources are for a scheduler that chooses between machines; so are the delay
    and the window of the restart policy: one engine has neither.
    """
    del api_version
    deploy = spec.declared.deploy
    check_keys(spec, spec.compose.get("deploy"), below="deploy.")
    limits, reserved = deploy.resources.limits, deploy.resources.reservations
    return Part(
        host=filled(
            Memory=limits.memory or None,
            NanoCpus=values.nano_cpus(limits.cpus) or None,
            PidsLimit=limits.pids or None,
            MemoryReservation=reserved.memory or None,
            RestartPolicy=_restart(deploy.restart_policy) if deploy.restart_policy is not None else None,
        )
    )


def map_blkio(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``blkio_config``."""
    del api_version
    settings = spec.declared.blkio_config
    return Part(
        host=filled(
            BlkioDeviceReadBps=_rates(settings.device_read_bps),
            BlkioDeviceReadIOps=_rates(settings.device_read_iops),
            BlkioDeviceWriteBps=_rates(settings.device_write_bps),
            BlkioDeviceWriteIOps=_rates(settings.device_write_iops),
            BlkioWeight=settings.weight or None,
            BlkioWeightDevice=[{"Path": entry.path, "Weight": entry.weight} for entry in settings.weight_device],
        )
    )


def _rates(devices: Sequence[DeviceRate]) -> list[JsonValue]:
    return [{"Path": device.path, "Rate": device.rate} for device in devices]


def _restart(policy: RestartPolicy) -> JsonValue:
    if policy.condition not in RESTART_NAMES:
        raise ValueError(f"restart_policy.condition: {policy.condition!r} is not a condition")
    return {
        "Name": RESTART_NAMES[policy.condition],
        # The engine refuses a count with any other policy.
        "MaximumRetryCount": policy.max_attempts if policy.condition == "on-failure" else 0,
    }


START_INTERVAL_SINCE = (1, 44)


def map_health(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``healthcheck``. Absent settings, the test included, are inherited from the image."""
    check = spec.declared.healthcheck
    if check.disable:
        return Part(config={"Healthcheck": {"Test": ["NONE"]}})
    if check.start_interval and api_version < START_INTERVAL_SINCE:
        raise too_old(spec, "healthcheck.start_interval", since="Docker 25")
    test: JsonValue = ["CMD-SHELL", check.test] if isinstance(check.test, str) else check.test
    settings = filled(
        Test=[*test] if isinstance(test, tuple) else test,
        Interval=_nanoseconds(check.interval),
        Timeout=_nanoseconds(check.timeout),
        StartPeriod=_nanoseconds(check.start_period),
        StartInterval=_nanoseconds(check.start_interval),
        Retries=check.retries,
    )
    return Part(config=filled(Healthcheck=settings))


def _nanoseconds(duration: str) -> int | None:
    return parse_nanoseconds(duration) if duration else None
