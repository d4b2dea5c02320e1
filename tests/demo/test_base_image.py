"""The image with this machine's Python: the same bytes each time, and an image that engines can load."""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from pathlib import Path

import pytest

from demo.base_image import LABELS, LOCAL, write_local_image
from demo.image_archive import Layer, write_image

needs_glibc = pytest.mark.skipif(sys.platform != "linux", reason="made from a Linux machine's own Python")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("base") / "image.tar"
    write_local_image(path, "amd64")
    return path


@needs_glibc
def test_it_is_the_same_twice(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "42")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    write_local_image(tmp_path / "again.tar", "amd64")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


@needs_glibc
def test_its_digests_are_those_of_its_contents(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        (manifest,) = json.loads(read(tar, "manifest.json"))
        description = read(tar, manifest["Config"])
        (layer_name,) = manifest["Layers"]
        layer = read(tar, layer_name)
    config = json.loads(description)
    assert manifest["RepoTags"] == [LOCAL]
    assert manifest["Config"] == f"{hashlib.sha256(description).hexdigest()}.json"
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert config["config"]["Labels"] == LABELS


@needs_glibc
def test_it_is_small_and_leaves_out_what_servers_do_not_need(archive: Path) -> None:
    assert archive.stat().st_size < 90_000_000
    with tarfile.open(archive) as tar:
        layer_name = json.loads(read(tar, "manifest.json"))[0]["Layers"][0]
        layer = tar.extractfile(layer_name)
        assert layer is not None
        with tarfile.open(fileobj=layer) as files:
            names = files.getnames()
            assert {member.mtime for member in files} == {1_700_000_000}
    assert "usr/local/bin/python3" in names
    assert any(name.endswith("/http/server.py") for name in names)
    assert any(name.endswith("libc.so.6") for name in names)
    assert not [name for name in names if "/site-packages/" in name or "/test/" in name or "/idlelib/" in name]


def test_a_layer_names_every_folder_before_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\n")
    (tmp_path / "program").chmod(0o700)
    layer = Layer(
        files={"/a/b/program": tmp_path / "program"}, texts={"/a/text": "x"}, links={"/c/link": "/a/text"}
    )
    write_image(tmp_path / "image.tar", layer, reference="x:y", architecture="amd64", config={})
    layer.write(tmp_path / "layer.tar")
    with tarfile.open(tmp_path / "layer.tar") as tar:
        members = {member.name: member for member in tar}
    names = list(members)
    for name in names:
        parent = name.rpartition("/")[0]
        assert not parent or names.index(parent) < names.index(name)
    assert members["a/b/program"].mode == 0o755
    assert members["a/text"].mode == 0o644
    assert members["tmp"].mode == 0o1777
    assert members["c/link"].linkname == "/a/text"


def read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()
