"""What runtimes say of a container that does not start, and what is made of it."""

from __future__ import annotations

import pytest

from previewer.domain.engine.start_failures import explain_start

CREATE = "failed to create shim task: OCI runtime create failed: runc create failed: "
RUNC = f"{CREATE}unable to start container process: "
INIT = f"{RUNC}error during container init: "


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (f'{RUNC}exec: "nosuch": executable file not found in $PATH: unknown', "not in the image: nosuch"),
        (f'{RUNC}exec: "/run.sh": stat /run.sh: no such file or directory: unknown', "not in the image: /run.sh"),
        (
            (
                "crun: executable file `nosuch` not found in $PATH: No such file or directory: OCI runtime "
                "attempted to invoke a command that was not found"
            ),
            "not in the image: nosuch",
        ),
        (f'{RUNC}exec: "/etc": permission denied: unknown', "may not be executed: /etc"),
        (
            (
                f'{INIT}error mounting "/var/lib/docker/volumes/x" to rootfs at "/etc/nginx.conf": mount '
                "/var/lib/x:/etc/nginx.conf (via /proc/self/fd/6), flags: 0x5000: not a directory: unknown: "
                "Are you trying to mount a directory onto a file (or vice-versa)?"
            ),
            "folder on a file: /etc/nginx.conf",
        ),
        (
            (
                f'{INIT}error mounting "/v" to rootfs at "/app/node_modules": create mountpoint for '
                "/app/node_modules mount: mkdirat /rootfs/app/node_modules: read-only file system: unknown"
            ),
            "no folder to mount /app/node_modules on",
        ),
        (
            f'{INIT}chdir to cwd ("/srv") set in config.json failed: permission denied: unknown',
            "working folder /srv",
        ),
        ("Cannot mkdir: /bin/busybox is not a directory", "working folder /bin/busybox"),
        ("unable to find user app: no matching entries in passwd file", "no user app"),
        ("Unable to find group media: no matching entries in group file", "no group media"),
        (
            'error gathering device information while adding custom device "/dev/kvm": no such file or directory',
            "no device /dev/kvm",
        ),
        ('could not select device driver "nvidia" with capabilities: [[gpu]]', "no such graphics processor"),
        (f"{INIT}open /proc/sys/net/ipv4/x: no such file or directory: unknown", "kernel setting net/ipv4/x"),
        (f"{INIT}error setting rlimits: error setting rlimit type 7: operation not permitted: unknown", "limits"),
        ("Unknown runtime specified runsc", "no runtime runsc"),
        ("failed to initialize logging driver: dial tcp 127.0.0.1:1: connection refused", "log to"),
        ("Requested CPUs are not available - requested 99, available: 0-1", "processors"),
        ("No command specified", "has a command"),
        (f"{INIT}something that is new: unknown", "runtime refused it: something that is new"),
    ],
)
def test_no_runtime_s_words_are_shown_as_they_are(text: str, meaning: str) -> None:
    found = explain_start(text)
    assert found is not None
    assert meaning in found.meaning
    assert not any(word in found.meaning.lower() for word in ("oci", "runc", "shim", "unknown"))


@pytest.mark.parametrize("text", ["permission denied", "No such container: x", "not found", ""])
def test_what_is_not_about_a_runtime_is_left_alone(text: str) -> None:
    assert explain_start(text) is None
