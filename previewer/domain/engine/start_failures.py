"""Why a container did not start, in our words: engines and their runtimes have many for the same thing."""

from __future__ import annotations

import re

from msgspec import Struct


class StartFailure(Struct, frozen=True):
    """What a runtime's sentence means."""

    meaning: str
    """Follows ``could not start it:``."""
    hint: str


class _Pattern(Struct, frozen=True):
    pattern: str
    """A regular expression; compiled when it is looked for, which is seldom."""
    meaning: str
    """With ``{name}`` where the sentence names a program, path, user or device."""
    hint: str


_COMMAND_HINT = "check `command` and `entrypoint`; a script's first line may name a shell that the image has not"
_EXECUTABLE_HINT = (
    "make the file executable in the repository (`git update-index --chmod=+x`) or in the Dockerfile"
)
_NAME = r"[\"'`]?(?P<name>[^\"'`:\s]*)[\"'`]?"

_PATTERNS = (
    _Pattern(
        r"exec format error",
        "its program is for another kind of processor",
        "set the service's platform to the engine's, or build it for several (see `previewer doctor`)",
    ),
    _Pattern(
        r"lookup init binary",
        "the engine's machine lacks the program that `init: true` starts",
        "install catatonit there, or leave `init` out",
    ),
    _Pattern(
        r"mount.*?(?: at | on |create mount.?point for )" + _NAME + r".*?(?:not a directory|is a directory)",
        "a file is mounted on a folder, or a folder on a file: {name}",
        "what the commit has at the mount's source has to be of the kind that the image has at its target",
    ),
    _Pattern(
        r"(?:create mount.?point for |mkdirat? |mkdir )"
        + _NAME
        + r".*?(?:read-only file system|permission denied)",
        "there is no folder to mount {name} on, and none can be made",
        "commit an empty folder there, have the Dockerfile make it, or take `:ro` from the mount around it",
    ),
    _Pattern(
        r"(?:cannot mkdir|chdir to cwd|cwd must)[^\"/]*[(:]?\s*" + _NAME,
        "its working folder {name} cannot be used",
        "check `working_dir`, and WORKDIR of its Dockerfile: a folder that its user may enter",
    ),
    _Pattern(
        r"unable to find user " + _NAME,
        "the image has no user {name}",
        "check `user` and USER of its Dockerfile; a number needs no entry in /etc/passwd",
    ),
    _Pattern(
        r"unable to find group " + _NAME,
        "the image has no group {name}",
        "check `user` and `group_add`; a number needs no entry in /etc/group",
    ),
    _Pattern(
        r"device information while adding custom device " + _NAME,
        "the engine's machine has no device {name}",
        "leave it out of `devices`, or the service with x-previewer.omit",
    ),
    _Pattern(
        r"could not select device driver|nvidia-container",
        "the engine's machine has no such graphics processor",
        "leave it out of `deploy.resources.reservations.devices`, or the service with x-previewer.omit",
    ),
    _Pattern(
        r"open /proc/sys/(?P<name>[^\s:]+)|sysctl " + _NAME.replace("name", "other"),
        "the kernel setting {name} cannot be set for a container here",
        "leave it out of `sysctls`",
    ),
    _Pattern(
        r"setting rlimit",
        "one of its limits is higher than the engine may give",
        "lower what stands under `ulimits`",
    ),
    _Pattern(
        r"oom-killed|cannot allocate memory|minimum memory limit",
        "its memory limit is too low to start anything",
        "raise deploy.resources.limits.memory",
    ),
    _Pattern(
        r"unknown(?: or invalid)? runtime(?: name| specified)?:? " + _NAME,
        "the engine has no runtime {name}",
        "leave `runtime` out, or install it on the engine's machine",
    ),
    _Pattern(
        r"failed to initialize logging driver",
        "the place that it is to log to does not answer",
        "leave `logging` out, or have that place reachable from the engine",
    ),
    _Pattern(
        r"apparmor|seccomp|selinux",
        "the engine's machine has no such security profile",
        "leave the profile out of `security_opt`",
    ),
    _Pattern(
        r"requested cpus are not available",
        "it asks for processors that the engine's machine has not",
        "leave `cpuset` out, or name fewer",
    ),
    _Pattern(
        r"no command specified",
        "neither the image nor the definition has a command",
        "add `command` to the service or CMD to its Dockerfile",
    ),
    _Pattern(
        r"exec:? " + _NAME + r": (?:stat [^:]*: no such file or directory|executable file not found)",
        "its command is not in the image: {name}",
        _COMMAND_HINT,
    ),
    _Pattern(
        r"executable file " + _NAME + r" not found",
        "its command is not in the image: {name}",
        _COMMAND_HINT,
    ),
    _Pattern(
        r"executable file not found|not found in \$path|command that was not found",
        "its command is not in the image",
        _COMMAND_HINT,
    ),
    _Pattern(
        r"exec:? " + _NAME + r": permission denied", "its command may not be executed: {name}", _EXECUTABLE_HINT
    ),
    _Pattern(r"permission denied", "its command may not be executed", _EXECUTABLE_HINT),
    _Pattern(r"no such file or directory", "its command is not in the image", _COMMAND_HINT),
)
"""The first that fits counts: what names a thing comes before what only names the system's error."""

_RUNTIME = (
    r"oci runtime|oci permission denied|\brunc\b|\bcrun\b|shim task|create failed|container process|"
    r"unable to find (?:user|group)|custom device|device driver|cannot mkdir|runtime name|runtime specified|"
    r"logging driver|requested cpus|minimum memory limit|lookup init binary|no command specified|seccomp profile"
)
"""What only a runtime, or an engine on its behalf, says."""
_WRAPPING = (
    r"(?:failed to create (?:shim(?: task)?|task for container)|oci runtime (?:create|exec|start) failed|"
    r"(?:runc|crun)(?: (?:create|exec) failed)?|exec failed|"
    r"unable to start container process|error during container init|"
    r"container_linux\.go:\d+|process_linux\.go:\d+|rootfs_linux\.go:\d+|standard_init_linux\.go:\d+|"
    r"starting container process caused|container init caused)\s*:?\s*"
)


def explain_start(text: str) -> StartFailure | None:
    """What an engine means by ``text`` of a container's start; ``None`` if that is not about its runtime."""
    return explain_runtime(text) if re.search(_RUNTIME, text, re.IGNORECASE) else None


def explain_runtime(text: str) -> StartFailure:
    """What a runtime means by ``text``; what is not known is its own last words."""
    for entry in _PATTERNS:
        if match := re.search(entry.pattern, text, re.IGNORECASE | re.DOTALL):
            named = {name: value for name, value in match.groupdict().items() if value}
            name = named.get("name") or named.get("other") or ""
            return StartFailure(entry.meaning.format(name=name).rstrip(": "), entry.hint)
    words = re.sub(_WRAPPING, "", text, flags=re.IGNORECASE).removesuffix(": unknown").strip(' :"')
    return StartFailure(
        f"the engine's runtime refused it: {words}",
        "run the service with `docker compose up` to see whether the engine can start it at all",
    )
