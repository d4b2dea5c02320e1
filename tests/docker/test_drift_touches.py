"""Every way to touch an environment that we know of, on a real engine: each is found and called by its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.domain import labels
from previewer.domain.drift.finding import Finding
from tests.docker.base_image import BaseImage
from tests.docker.touching import (
    Scene,
    Touch,
    add_container,
    add_network,
    add_volume,
    attach,
    call,
    commit,
    copy_in,
    copy_out,
    cut_off,
    execute,
    join_by_another_name,
    join_foreign,
    more_labels,
    move_tag,
    neighbour,
    passing_stranger,
    pause_awhile,
    recreate,
    run_other_image,
    stranger,
    swap_volume,
    volume_folder,
)
from tests.worlds.docker import SECRET, SERVICES, TIMEOUT, Repo, Watched

pytestmark = [pytest.mark.docker, pytest.mark.slow]


GROUPS: dict[str, tuple[Touch, ...]] = {
    "hands": (
        ("write a file", "s01", execute("sh", "-c", "echo 1 > /root/f"), {"command-run", "file-added"}),
        ("type in a shell", "s01", execute("sh", "-c", "echo ls > /root/.ash_history"), {"history-file"}),
        ("change a mode", "s02", execute("chmod", "777", "/etc/passwd"), {"command-run", "file-modified"}),
        ("delete a file", "s03", execute("rm", "/etc/group"), {"command-run", "file-deleted"}),
        (
            "install a package",
            "s04",
            execute("sh", "-c", "mkdir -p /var/lib/dpkg; echo x > /var/lib/dpkg/status"),
            {"command-run", "package-installed"},
        ),
        (
            "rewrite a file and give it its old time back",
            "s11",
            execute(
                "sh",
                "-c",
                "touch -r /etc/group /t; sed s/root/toor/ /etc/group > /n; cat /n > /etc/group;"
                " touch -r /t /etc/group; rm /t /n",
            ),
            {"command-run", "file-rewritten"},
        ),
        ("write to /tmp", "s04", execute("touch", "/tmp/x"), {"noise"}),
        ("copy into", "s05", copy_in, {"copied-into", "file-added"}),
        ("copy out of", "s05", copy_out, {"copied-out"}),
        (
            "limit memory",
            "s06",
            call("update_container", mem_limit="64m", memswap_limit="64m"),
            {"updated", "mem_limit", "memswap_limit"},
        ),
        ("change its share", "s06", call("update_container", cpu_shares=512), {"cpu_shares"}),
        (
            "change the restart policy",
            "s07",
            call("update_container", restart_policy={"Name": "always"}),
            {"updated", "restart"},
        ),
        ("list processes", "s07", call("top"), {"listed"}),
        ("export", "s07", lambda scene, name: b"".join(scene.api.export(name)), {"exported"}),
        ("rename", "s08", lambda scene, name: scene.api.rename(name, f"{name}-old"), {"renamed"}),
        ("attach", "s09", attach, {"attached"}),
        ("make an image of", "s09", commit, {"committed"}),
        (
            "go on running a command",
            "s10",
            lambda s, n: s.repo.execute(n, "sleep", "99", detach=True),
            {"command-run", "command-running"},
        ),
        ("take data through a volume", "web", execute("sh", "-c", f"echo {SECRET} > /data/f"), {"command-run"}),
        ("run the job again", "job", call("start"), {"started-by-hand"}),
        (
            "move the image's name",
            "-",
            lambda scene, _name: move_tag(scene, scene.name("web")),
            {"image-tag-moved"},
        ),
    ),
    "life": (
        ("restart", "s01", call("restart", timeout=0), {"restarted"}),
        ("stop", "s02", call("stop", timeout=0), {"stopped-by-hand", "stopped"}),
        ("kill", "s03", call("kill"), {"signalled", "stopped"}),
        ("signal", "s04", call("kill", signal="URG"), {"signalled"}),
        ("pause", "s05", call("pause"), {"paused"}),
        ("pause a while", "s06", pause_awhile, {"paused"}),
        ("remove", "s07", call("remove_container", force=True), {"container-missing", "removed-by-hand"}),
        ("join another network", "s08", join_foreign, {"network-joined", "network-connected"}),
        ("cut off", "s09", cut_off, {"network-left", "network-disconnected"}),
        ("join by another name", "s10", join_by_another_name, {"network-endpoint", "network-disconnected"}),
        ("add a container", "s11", add_container, {"container-added", "made-by-hand"}),
        ("join a stranger", "-", stranger, {"stranger-joined", "stranger-connected"}),
        ("let a stranger pass", "-", passing_stranger, {"stranger-connected"}),
        ("add a volume", "-", lambda scene, _name: add_volume(scene, scene.name("web")), {"volume-added"}),
        ("add a network", "-", lambda scene, _name: add_network(scene, scene.name("web")), {"network-added"}),
    ),
    "neighbours": (
        (
            "join its network namespace",
            "-",
            neighbour(1, lambda s: {"NetworkMode": f"container:{s.name('web')}"}),
            {"namespace-joined"},
        ),
        (
            "join its processes",
            "-",
            neighbour(2, lambda s: {"NetworkMode": "none", "PidMode": f"container:{s.name('web')}"}),
            {"namespace-joined"},
        ),
        (
            "mount its volume",
            "-",
            neighbour(3, lambda s: {"NetworkMode": "none", "Binds": [f"{s.environment}-g1_data:/x"]}),
            {"volume-shared"},
        ),
        (
            "mount all its volumes",
            "-",
            neighbour(4, lambda s: {"NetworkMode": "none", "VolumesFrom": [s.name("web")]}),
            {"volume-shared"},
        ),
        (
            "mount the folder of its volume",
            "-",
            neighbour(5, lambda s: {"NetworkMode": "none", "Binds": [f"{volume_folder(s)}:/x:ro"]}),
            {"volume-shared"},
        ),
    ),
    "recreate": (
        ("as it was", "s01", recreate(lambda body: None), {"removed-by-hand", "made-by-hand", "recreated"}),
        ("on another volume", "-", lambda scene, _name: swap_volume(scene, scene.name("web")), {"volume-changed"}),
        ("with another variable", "s02", recreate(lambda b: b["Env"].append("MORE=1")), {"environment"}),
        (
            "with another secret",
            "s03",
            recreate(lambda b: b.update(Env=["DB_PASSWORD=guess-me", "COLOUR=green"])),
            {"environment"},
        ),
        ("with another label", "s04", recreate(more_labels), {"label"}),
        ("with another program", "s05", recreate(lambda b: b.update(Cmd=["sleep", "2000"])), {"command"}),
        (
            "with another folder",
            "s06",
            recreate(lambda b: b["HostConfig"].update(Binds=["/tmp:/host:ro"])),
            {"mount"},
        ),
        ("with more rights", "s07", recreate(lambda b: b["HostConfig"].update(CapAdd=["NET_ADMIN"])), {"cap_add"}),
        (
            "published",
            "s08",
            recreate(lambda b: b["HostConfig"].update(PortBindings={"80/tcp": [{"HostPort": ""}]})),
            {"port"},
        ),
        ("as another user", "s09", recreate(lambda b: b.update(User="65534")), {"user"}),
        (
            "privileged",
            "s10",
            recreate(lambda b: b["HostConfig"].update(Privileged=True), start=False),
            {"privileged", "stopped"},
        ),
        ("of another image", "s11", run_other_image, {"image"}),
        (
            "of another owner",
            "job",
            recreate(lambda b: b["Labels"].update({labels.BRANCH: "other"})),
            {"ownership-label"},
        ),
    ),
}


@pytest.fixture(scope="module")
def repo(
    tmp_path_factory: pytest.TempPathFactory, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[Repo]:
    """The repository, with a branch for each group of touches."""
    del base_image
    made = Repo(tmp_path_factory.mktemp("yard") / "repository", docker_connection)
    try:
        for branch in GROUPS:
            made.branch(branch, f"page of {branch}\n")
        yield made
    finally:
        made.clean_up()


@pytest.fixture(scope="module")
def findings(repo: Repo) -> dict[str, tuple[Finding, ...]]:
    """By group: first everything is done, then one look is taken; meanwhile the next one comes up."""
    found: dict[str, tuple[Finding, ...]] = {}
    following = [*list(GROUPS)[1:], ""]
    coming = repo.start("up", next(iter(GROUPS)))
    for (group, touches), later in zip(GROUPS.items(), following, strict=True):
        _printed, reported = coming.communicate(timeout=TIMEOUT)
        assert coming.returncode == 0, reported
        coming = repo.start("up", later) if later else coming
        scene = Scene(repo, group)
        with repo.open() as session, Watched(session, repo.connection) as watched:
            untouched = watched.findings(scene.environment)
            assert [(f.kind, f.where, f.live) for f in untouched] == [], "untouched"
            try:
                for _what, service, act, _kinds in touches:
                    act(scene, scene.name(service))
                found[group] = watched.findings(scene.environment)
            finally:
                scene.clean_up()
    return found


ALL = [
    pytest.param(group, touch, id=f"{group}: {touch[0]}") for group, touches in GROUPS.items() for touch in touches
]
TOLD_BY_EVENTS = {
    *("updated", "network-connected", "network-disconnected", "made-by-hand", "removed-by-hand", "recreated"),
}
RECREATED = {"removed-by-hand", "made-by-hand", "recreated", "ownership-label"}
"""The last, for a container has its image's labels too."""


@pytest.mark.parametrize(("group", "touch"), ALL)
def test_a_touch_is_found_and_named(
    group: str, touch: Touch, repo: Repo, findings: dict[str, tuple[Finding, ...]]
) -> None:
    del repo
    _what, service, _act, kinds = touch
    found = kinds_of(findings[group], service)
    # The engine keeps 256 events, of all that it runs: on a busy one, what inspection proves too may stand alone.
    assert kinds - TOLD_BY_EVENTS <= found
    assert kinds & found


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_else_is_found(group: str, findings: dict[str, tuple[Finding, ...]]) -> None:
    for service in (*SERVICES, "web", "job"):
        done = [touch for touch in GROUPS[group] if touch[1] == service]
        expected = {kind for touch in done for kind in touch[3]}
        allowed = RECREATED if group == "recreate" else set()
        assert kinds_of(findings[group], service) - allowed <= expected, service


def test_every_finding_says_what_it_is(findings: dict[str, tuple[Finding, ...]]) -> None:
    everything = [finding for found in findings.values() for finding in found]
    assert all(finding.where and finding.what and finding.why and finding.help for finding in everything)
    assert len({finding.kind for finding in everything}) >= 30


def test_no_secret_is_told(findings: dict[str, tuple[Finding, ...]]) -> None:
    reported = repr(findings)
    assert SECRET not in reported
    assert "guess-me" not in reported


def kinds_of(findings: tuple[Finding, ...], service: str) -> set[str]:
    """The kinds of findings about a service; about the environment for ``-``."""
    return {finding.kind for finding in findings if (finding.service or "-") == service}


def test_every_neighbour_is_named(findings: dict[str, tuple[Finding, ...]]) -> None:
    reported = [
        finding.what for finding in findings["neighbours"] if finding.kind in ("namespace-joined", "volume-shared")
    ]
    assert [sum(f"-n{number}," in what for what in reported) for number in range(1, 6)] == [1] * 5
