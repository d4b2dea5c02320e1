"""What every engine promises of volumes that begin with data."""

from __future__ import annotations

import io
import tarfile

import pytest
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.data.snapshots import data_labels, loose_volumes, read_data
from previewer.domain.engine.specs import FILL_FOLDER, UPPER, CloneSpec, FillSpec, VolumeSpec
from previewer.engine.protocol import LogOptions
from tests.worlds.engine import ContractFixture

SEED = b"seeded"


def test_a_clone_shows_its_layers_and_is_known_by_its_labels(bench: ContractFixture) -> None:
    base = _snapshot(bench)
    clone = _clone(bench, "data", (base,))
    [seen] = [volume for volume in bench.observe().volumes if volume.key]
    assert (seen.name, seen.layers) == (clone.name, (f"{_own(clone)}{UPPER}", base))
    data = read_data(bench.engine.volume_labels(bench.ownership.installation))
    assert data.clones[clone.name] == seen.layers
    assert base in data.owners
    assert loose_volumes(data, bench.ownership.environment) == ()
    bench.engine.remove_volume(clone.name)
    left = read_data(bench.engine.volume_labels(bench.ownership.installation))
    assert loose_volumes(left, bench.ownership.environment) == (base,)
    bench.engine.remove_volume(_own(clone))
    bench.engine.remove_volume(base)


def test_a_volume_whose_data_outlives_it_may_begin_empty(bench: ContractFixture) -> None:
    spec = _clone(bench, "data", (), outlives=True)
    [seen] = bench.observe().volumes
    assert (seen.layers, seen.name) == ((_own(spec),), spec.name)
    bench.engine.remove_volume(spec.name)
    assert set(bench.engine.volume_labels(bench.ownership.installation)) == {_own(spec)}
    bench.engine.remove_volume(_own(spec))


@pytest.mark.docker
@pytest.mark.parametrize("overlays", [True, False], ids=["overlaid", "copied"])
def test_what_is_written_to_a_clone_stays_in_it(
    docker_bench: ContractFixture, monkeypatch: pytest.MonkeyPatch, overlays: bool
) -> None:
    if not overlays:
        monkeypatch.setattr("previewer.engine.docker.clones.is_mountable", lambda *_args, **_more: False)
    bench, installation = docker_bench, docker_bench.ownership.installation
    base = _snapshot(bench)
    clone = _clone(bench, "data", (base,))
    said = _run(bench, "cat /data/file; stat -c ' %u %a' /data; echo mine > /data/file; echo more > /data/new")
    assert said == ["seeded 70 2750"]
    assert _run(bench, "cat /data/file /data/new") == ["mine", "more"]
    layers = bench.observe().volumes[0].layers
    bench.engine.remove_volume(clone.name)

    # A successor goes on with it; the clone of another one begins as the first did.
    if overlays:
        successor = _clone(bench, "data", layers, own="next")
        assert _run(bench, "cat /data/file /data/new; rm /data/new; echo again > /data/file") == ["mine", "more"]
        bench.engine.remove_volume(successor.name)
        bench.engine.remove_volume(_own(successor, "next"))
        _clone(bench, "data", layers, own="other")
        assert _run(bench, "cat /data/file /data/new") == ["mine", "more"]
        bench.engine.remove_volume(clone.name)
        bench.engine.remove_volume(_own(clone, "other"))
    bench.engine.remove_volume(_own(clone))
    _clone(bench, "data", (base,))
    assert _run(bench, "cat /data/file; ls /data") == ["seededfile"]
    bench.clear()
    bench.engine.remove_volume(base)
    assert bench.engine.volume_labels(installation) == {}


def _own(spec: VolumeSpec, suffix: str = "own") -> str:
    return f"{spec.name}.{suffix}"


def _data_labels(bench: ContractFixture) -> dict[str, str]:
    owner = bench.ownership
    said = data_labels(owner.environment, "data", installation=owner.installation, project=owner.project)
    return {**said, **bench.extra_labels}


def _snapshot(bench: ContractFixture) -> str:
    name = f"{bench.ownership.environment}-snapshot"
    bench.engine.create_volume(VolumeSpec(name, _data_labels(bench), {}))
    said = bench.volume_spec().labels
    bench.engine.fill_volume(FillSpec(name, bench.image, said, archive=lambda _owner: iter([_archive()])))
    return name


def _clone(
    bench: ContractFixture, key: str, layers: tuple[str, ...], *, own: str = "own", outlives: bool = False
) -> VolumeSpec:
    plain = bench.volume_spec(key)
    own_labels = {name: said for name, said in plain.labels.items() if name != labels.COMPOSE_VOLUME}
    clone = CloneSpec(
        own=_own(plain, own),
        own_labels=_data_labels(bench) if outlives else own_labels,
        layers=layers,
        image=bench.image,
        labels=plain.labels,
    )
    spec = replace(plain, clone=clone)
    bench.engine.create_volume(spec)
    return spec


def _run(bench: ContractFixture, script: str) -> list[str]:
    mount = {"type": "volume", "source": "data", "target": "/data"}
    name = bench.run("job", command=["sh", "-c", script], volumes=[mount])
    bench.await_end(name)
    said = [line.text for batch in bench.engine.logs([name], LogOptions()) for line in batch]
    bench.engine.remove_container(name)
    return said


def _archive() -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        folder = tarfile.TarInfo(FILL_FOLDER)
        folder.type, folder.mode, folder.uid = tarfile.DIRTYPE, 0o2750, 70
        archive.addfile(folder)
        file = tarfile.TarInfo(f"{FILL_FOLDER}/file")
        file.size = len(SEED)
        archive.addfile(file, io.BytesIO(SEED))
    return whole.getvalue()
