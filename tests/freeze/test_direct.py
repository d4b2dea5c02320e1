"""Images without a builder: which Dockerfiles are plain enough, and that BuildKit makes the same of them."""

from __future__ import annotations

import pytest

from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject
from previewer.domain.release.image_comparison import compare_images
from previewer.freeze.direct.instructions import CopyFiles, DirectImage, MakeFolder, read_direct
from previewer.freeze.direct.values import NotDirectError
from previewer.freeze.docker import builds
from previewer.freeze.docker.image_files import read_content
from previewer.freeze.docker.images import DockerImages
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.testing.memory.source import MemorySource
from tests.freeze.conftest import BASE
from tests.worlds.freeze import built, definition, freeze

BASE_CONFIG: JsonObject = {"Env": ["PATH=/bin"], "WorkingDir": "/srv", "Cmd": ["sh"], "Labels": {"of": "base"}}


def direct(text: str, config: JsonObject = BASE_CONFIG, **args: str) -> DirectImage:
    """What is read from a Dockerfile."""
    return read_direct(
        read_dockerfile(f"FROM base\n{text}"), base_config=config, args=args, target=None, labels={"our": "label"}
    )


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("ENV A=1 B='$A' C=\"x $PATH\"", "Env", ["PATH=/bin", "A=1", "B=$A", "C=x /bin"]),
        ("ENV PATH=/x:$PATH", "Env", ["PATH=/x:/bin"]),
        ("ARG V=2\nENV A=${V:-3}", "Env", ["PATH=/bin", "A=given"]),
        ("LABEL a=b of='me'", "Labels", {"of": "me", "a": "b", "our": "label"}),
        ("EXPOSE 80 53/udp", "ExposedPorts", {"80/tcp": {}, "53/udp": {}}),
        ("WORKDIR a/b", "WorkingDir", "/srv/a/b"),
        ("USER 5:6", "User", "5:6"),
        ('CMD ["a", "b"]', "Cmd", ["a", "b"]),
        ("CMD a  b | c", "Cmd", ["/bin/sh", "-c", "a  b | c"]),
        ('ENTRYPOINT ["x"]', "Cmd", []),
        ('CMD ["y"]\nENTRYPOINT ["x"]', "Cmd", ["y"]),
        ("STOPSIGNAL SIGINT", "StopSignal", "SIGINT"),
        ("HEALTHCHECK NONE", "Healthcheck", {"Test": ["NONE"]}),
        (
            "HEALTHCHECK --interval=1m --retries=2 CMD true x",
            "Healthcheck",
            {"Test": ["CMD-SHELL", "true x"], "Interval": 60 * 10**9, "Retries": 2},
        ),
        ('HEALTHCHECK CMD ["true"]', "Healthcheck", {"Test": ["CMD", "true"]}),
    ],
)
def test_how_it_is_run_is_read(text: str, key: str, value: object) -> None:
    assert direct(text, V="given").config[key] == value


def test_files_and_folders_are_read_in_order() -> None:
    found = direct("WORKDIR app\nCOPY a b/ ./lib/\nCOPY . .\nCOPY /x /y")
    assert found.steps == [
        MakeFolder("/srv/app"),
        CopyFiles(("a", "b"), "/srv/app/lib", into_folder=True),
        CopyFiles((".",), "/srv/app", into_folder=True),
        CopyFiles(("x",), "/y", into_folder=False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "RUN true",
        "FROM other\nCOPY --from=0 /a /b",
        "ADD a /a",
        "VOLUME /data",
        "ONBUILD COPY a /a",
        'SHELL ["/bin/bash"]',
        "COPY --chown=me a /a",
        "COPY --link a /a",
        "COPY *.py /a/",
        "COPY a?c /a",
        "COPY ../a /a",
        "COPY a /x/../b",
        "COPY a b /c",
        "COPY <<EOF /a\nx\nEOF",
        'COPY ["a", "/a b"]',
        "COPY $UNSET /a/ b\\ c",
        "ENV A 1",
        r"ENV A=b\ c",
        "ENV A=$$",
        "ENV A=${B:?no}",
        "ENV A=x'y'",
        "ARG TARGETARCH",
        "ARG http_proxy",
        "EXPOSE 80-90",
        "USER me\nWORKDIR /x",
        "CMD [not json",
        "CMD a \\\n  b",
        "HEALTHCHECK --interval=1m30s CMD true",
        "HEALTHCHECK --start-interval=1s CMD true",
        "WORKDIR a b",
    ],
)
def test_what_could_mean_something_else_is_for_a_builder(text: str) -> None:
    with pytest.raises(NotDirectError):
        direct(text)


def test_what_a_base_does_when_it_is_built_upon_is_for_a_builder() -> None:
    with pytest.raises(NotDirectError):
        direct("COPY a /a", {"OnBuild": ["RUN true"]})


FILES: dict[str, str | bytes] = {
    "site/index.html": "<h1>hi</h1>",
    "site/css/a/main.css": "x",
    "site/link": "css",
    "run.sh": "#!/bin/sh\n",
    "motd": "hello\n",
    ".dockerignore": "*.md\n",
    "no.md": "",
}
DOCKERFILES = {
    "plain": f"FROM {BASE}\nCOPY site /srv/site\nCOPY run.sh motd /usr/local/bin/\nCOPY motd /etc/motd\n",
    "all": f"FROM {BASE}\nWORKDIR /app/deep\nCOPY . .\nCOPY motd ./copy\nCMD run.sh\n",
    "existing": f"FROM {BASE}\nCOPY site /bin\nCOPY motd /etc/group\nCOPY motd /root/\nCOPY site /root/site/\n",
    "twice": f"FROM {BASE}\nCOPY site /a/b\nCOPY motd /a/b/index.html\nCOPY site/css/ /a/b/css\n",
    "scratch": 'FROM scratch\nCOPY site /\nENTRYPOINT ["/x"]\n',
    "config": f"ARG TAG=none\nFROM {BASE} AS it\nARG TAG\nENV A=1 B=$TAG\nLABEL l=$A\nEXPOSE 80\n"
    "STOPSIGNAL SIGINT\nHEALTHCHECK --interval=2s --timeout=500ms --start-period=1s CMD true\nUSER 5:6\n"
    'ENTRYPOINT ["sh"]\nCMD ["-c", "true"]\n',
}


@pytest.mark.docker
@pytest.mark.parametrize("name", DOCKERFILES)
def test_buildkit_makes_the_same(
    name: str, images: DockerImages, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = MemorySource()
    commit = source.commit("main", {**FILES, "Dockerfile": DOCKERFILES[name]})
    wanted = definition({"web": built(build={"args": {"TAG": "1"}})})
    mine = freeze(source, commit, images, wanted, project=project).definitions["preview"].artifacts["web"]
    assert mine.origin == "direct"

    monkeypatch.setattr(builds, "plan_direct", lambda request, base: None)
    theirs = freeze(source, commit, images, wanted, project=project, use_cache=False)
    other = theirs.definitions["preview"].artifacts["web"]
    assert other.origin == "buildkit"
    contents = [read_content(images, image, Cancellation()) for image in (mine.image, other.image)]
    # The label says who made it.
    assert [each.path for each in compare_images(*contents)] == ["config.Labels"]
    assert contents[0].files


@pytest.mark.docker
@pytest.mark.parametrize("target", ["/tmp", "/dev/x/", "/proc"])
def test_a_folder_of_the_base_that_is_not_like_others_is_for_a_builder(
    target: str, images: DockerImages, project: str
) -> None:
    source = MemorySource()
    commit = source.commit("main", {**FILES, "Dockerfile": f"FROM {BASE}\nCOPY site {target}\n"})
    release = freeze(source, commit, images, definition({"web": built()}), project=project)
    assert release.definitions["preview"].artifacts["web"].origin == "buildkit"


@pytest.mark.docker
def test_a_link_of_the_base_is_in_the_way(images: DockerImages, project: str) -> None:
    """What is behind a link is for a builder to find out."""
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {BASE}\nCOPY f /bin/sh/f\n", "f": ""})
    with pytest.raises(Exception, match=r"not a directory|cannot"):
        freeze(source, commit, images, definition({"web": built()}), project=project)
    kept = source.commit("main", {"Dockerfile": f"FROM {BASE}\nCOPY f /bin/ls\n", "f": "mine"})
    release = freeze(source, kept, images, definition({"web": built()}), project=project)
    artifact = release.definitions["preview"].artifacts["web"]
    files = read_content(images, artifact.image, Cancellation()).files
    assert artifact.origin == "direct"
    assert files["bin/ls"].kind == "file", "a link that is itself replaced is not"
