"""What only ``ssh://`` needs is imported for ``ssh://`` only, and then it is there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

SSH = (
    "import docker.transport.sshconn; "
    "docker.transport.sshconn.SSHHTTPAdapter.__init__ = lambda *_, **__: print('made')"
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("paramiko") is None, reason="paramiko is not installed (docker[ssh])"
)


def _run(script: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def test_a_local_engine_is_connected_to_without_paramiko() -> None:
    script = (
        "import sys; from previewer.docker_api.wire.sdk_wire import new_client; "
        "from previewer.docker_api.wire.contexts import Endpoint; "
        "new_client(Endpoint('unix:///nowhere.sock', 'test'), '1.41', timeout=9); print('paramiko' in sys.modules)"
    )
    assert _run(script) == ["False"]


def test_an_ssh_host_whose_keys_are_asked_for_in_python_gets_the_sdk_adapter() -> None:
    script = (
        "import sys, previewer.docker_api.wire.sdk, docker\n"
        f"{SSH}\n"
        "try: docker.APIClient('ssh://nobody@nowhere.invalid', use_ssh_client=False)\n"
        "except Exception: pass\n"
        "print('paramiko' in sys.modules)"
    )
    assert _run(script) == ["made", "True"]


def test_the_user_s_own_ssh_needs_no_paramiko() -> None:
    script = (
        "import sys; sys.modules['paramiko'] = None; from previewer.docker_api.connection import open_endpoint; "
        "from previewer.docker_api.wire.contexts import Endpoint\n"
        "try: open_endpoint(Endpoint('ssh://nobody@nowhere.invalid', 'test'))\n"
        "except Exception as error: print(str(error).startswith('ssh'))"
    )
    assert _run(script) == ["True"]


def test_a_module_that_asks_for_it_by_name_finds_it() -> None:
    script = (
        "import previewer.docker_api.wire.sdk, docker.transport.sshconn as s; print(s.SSHHTTPAdapter.__name__)"
    )
    assert _run(script) == ["SSHHTTPAdapter"]


def test_a_missing_paramiko_is_said_as_the_sdk_says_it() -> None:
    script = (
        "import sys; sys.modules['paramiko'] = None; import previewer.docker_api.wire.sdk, docker\n"
        "try: docker.APIClient('ssh://nobody@nowhere.invalid', use_ssh_client=False)\n"
        "except Exception as error: print('paramiko' in str(error))"
    )
    assert _run(script) == ["True"]
