from __future__ import annotations

import pytest

from previewer.errors import PolicyError
from previewer.freeze.canonical.image import kept_keys
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.dockerfile.repository_files import refuse_reserved_labels


@pytest.mark.parametrize(
    "line",
    [
        "LABEL dev.previewer.debug-until=2020-01-01T00:00:00Z",
        "label dev.previewer.managed-by previewer",
        'LABEL a=b "com.docker.compose.project"=x',
        "LABEL a=b \\\n  dev.previewer.role=production",
        "ONBUILD LABEL 'dev.previewer.x'=1",
    ],
)
def test_a_dockerfile_sets_no_reserved_label(line: str) -> None:
    with pytest.raises(PolicyError, match="reserved-label") as caught:
        refuse_reserved_labels(read_dockerfile(f"FROM x\n{line}\n"), where="web/Dockerfile")
    assert caught.value.where == "web/Dockerfile:2"


@pytest.mark.parametrize(
    "line", ["LABEL developer=ada com.example.x=dev.previewer.x", "RUN echo LABEL dev.previewer.x=1"]
)
def test_other_labels_are_the_author_s(line: str) -> None:
    refuse_reserved_labels(read_dockerfile(f"FROM x\n{line}\n"), where="Dockerfile")


def test_an_image_keeps_no_reserved_label_of_its_base() -> None:
    labels = {
        "team": "x",
        "dev.previewer.debug-until": "x",
        "com.docker.compose.project": "x",
        "dev.previewer.input-digest": "sha256:1",
    }
    assert kept_keys({"Labels": labels}) == {"Labels": {"team": "x", "dev.previewer.input-digest": "sha256:1"}}
    assert kept_keys({"Labels": {"dev.previewer.purpose": "x"}}) == {}
