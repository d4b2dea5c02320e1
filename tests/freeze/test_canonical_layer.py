"""One set of files, one sequence of bytes: layers and configurations in canonical form. Without an engine."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import tarfile
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject, canonical_json
from previewer.freeze.canonical.image import base_of, canonical_config
from previewer.freeze.canonical.layer import CANONICAL_TIME, rewrite_layer
from previewer.freeze.canonical.layer_header import DIRECTORY, REGULAR, LayerEntry, write_header
from previewer.freeze.canonical.lower_layers import Folder, LowerLayers

NOW = 1_795_398_428
Entry = tuple[tarfile.TarInfo, bytes]


def entry(name: str, content: bytes | None = None, *, mtime: float = NOW, **fields: object) -> Entry:
    """A member; a folder where it has no content."""
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    member.size, member.mtime = len(content or b""), mtime
    member.mode = 0o755 if content is None else 0o644
    for key, value in fields.items():
        setattr(member, key, value)
    return member, content or b""


def layer(entries: Iterable[Entry], *, form: int = tarfile.PAX_FORMAT) -> io.BytesIO:
    """A tar file."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for member, content in entries:
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    made.seek(0)
    return made


def rewritten(
    entries: Iterable[Entry], *, form: int = tarfile.PAX_FORMAT, lower: LowerLayers | None = None
) -> bytes:
    """The canonical form; its digest is checked on the way."""
    target = io.BytesIO()
    digest = rewrite_layer(
        layer(entries, form=form), target, lower=lower or LowerLayers(), cancellation=Cancellation()
    )
    assert digest == f"sha256:{hashlib.sha256(target.getvalue()).hexdigest()}"
    return target.getvalue()


def members(content: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: member for member in archive}


def read(content: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        file = archive.extractfile(name)
        assert file is not None
        return file.read()


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=120).filter(
    lambda name: name not in (".", "..") and not name.startswith(".wh.")
)
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=4).map("/".join), st.binary(max_size=700), min_size=1, max_size=8
).filter(lambda files: not any(path.startswith(f"{other}/") for path in files for other in files))


@given(trees, st.randoms(use_true_random=False), st.integers(CANONICAL_TIME, NOW))
def test_order_times_names_and_format_change_nothing(
    files: dict[str, bytes], chance: random.Random, timestamp: int
) -> None:
    plain = [entry(path, content) for path, content in files.items()]
    shuffled = [entry(path, content, mtime=timestamp, uname="me", gname="us") for path, content in files.items()]
    chance.shuffle(shuffled)
    first = rewritten(plain)
    assert rewritten(shuffled, form=tarfile.GNU_FORMAT) == first
    found = members(first)
    assert {path: read(first, path) for path in found} == files
    assert {member.mtime for member in found.values()} == {CANONICAL_TIME}
    again = io.BytesIO()
    rewrite_layer(io.BytesIO(first), again, lower=LowerLayers(), cancellation=Cancellation())
    assert again.getvalue() == first, "canonical is canonical"


def test_the_bytes_are_these_whatever_python_wrote_them() -> None:
    """The digest is a part of every image's id: a change here gives every image another one."""
    found = rewritten([entry("b/ü" + "x" * 110, b"1"), entry("b"), entry("a", b"22", uid=3_000_000, mode=0o4755)])
    digest = hashlib.sha256(found).hexdigest()
    assert digest == "44a8250dc7d2254afa03cf8b2c91f412536e2668f99aec9a595bd2eecae19853"


def test_of_the_names_of_one_file_the_first_is_the_file() -> None:
    one = [entry("d"), entry("d/b", b"x"), entry("d/a", b"", type=tarfile.LNKTYPE, linkname="d/b")]
    other = [entry("d"), entry("d/a", b"x"), entry("d/b", b"", type=tarfile.LNKTYPE, linkname="./d/a")]
    assert rewritten(one) == rewritten(other)
    found = members(rewritten(one))
    assert (found["d/a"].isreg(), found["d/b"].linkname) == (True, "d/a")


def test_older_times_stay_and_none_is_before_the_epoch() -> None:
    found = members(rewritten([entry("old", b"", mtime=1000.75), entry("older", b"", mtime=-5)]))
    assert (found["old"].mtime, found["older"].mtime) == (1000, 0)


def test_capabilities_of_files_stay() -> None:
    capability = struct.pack("<5I", 0x02000001, 0x400, 0, 0, 0).decode("latin-1")
    given_attributes = {"SCHILY.xattr.security.capability": capability, "LIBARCHIVE.creationtime": "123"}
    found = members(rewritten([entry("ping", b"x", pax_headers=given_attributes)]))["ping"]
    assert found.pax_headers == {"SCHILY.xattr.security.capability": capability}


def test_whiteouts_are_the_same_for_every_owner() -> None:
    one = rewritten([entry("etc"), entry("etc/.wh.group", b"", mode=0, mtime=0)])
    assert one == rewritten([entry("etc"), entry("etc/.wh.group", b"", mode=0o600, uid=7)])


@pytest.mark.parametrize(
    ("below", "stays"),
    [(Folder(0o755, 0, 0), False), (Folder(0o700, 0, 0), True), (Folder(0o755, 1, 0), True), (None, True)],
    ids=["as it was", "another mode", "another owner", "new"],
)
def test_a_folder_that_nothing_happened_to_is_left_out(below: Folder | None, stays: bool) -> None:
    """Stores that keep what was touched and stores that compare agree on what is left."""
    found = members(rewritten([entry("etc"), entry("x", b"")], lower=LowerLayers(lambda path: below)))
    assert ("etc" in found) is stays


def test_a_folder_with_something_in_it_stays() -> None:
    lower = LowerLayers(lambda path: Folder(0o755, 0, 0))
    assert set(members(rewritten([entry("etc"), entry("etc/x", b"")], lower=lower))) == {"etc", "etc/x"}


def test_what_a_lower_layer_made_or_hid_is_known() -> None:
    lower = LowerLayers(lambda path: Folder(0o755, 0, 0))
    rewritten([entry("made", mode=0o700), entry(".wh.gone", b""), entry("full/.wh..wh..opq", b"")], lower=lower)
    top = [entry("made", mode=0o700), entry("gone"), entry("gone/deep"), entry("full/x"), entry("other")]
    assert set(members(rewritten(top, lower=lower))) == {"gone", "gone/deep", "full/x"}


def test_a_compiled_module_stays_valid_and_is_the_same_each_time() -> None:
    """It holds the time of its source, which is clamped with it."""

    def built(timestamp: int) -> bytes:
        compiled = struct.pack("<4sIII", b"\xa7\r\r\n", 0, timestamp, 4) + b"code"
        hashed = struct.pack("<4sIII", b"\xa7\r\r\n", 1, timestamp, 4) + b"code"
        return rewritten(
            [
                entry("a.py", b"a=1\n", mtime=timestamp),
                entry("__pycache__/a.cpython-311.pyc", compiled),
                entry("__pycache__/base.cpython-311.pyc", compiled),
                entry("hashed.py", b""),
                entry("__pycache__/hashed.cpython-311.pyc", hashed),
            ]
        )

    found = built(NOW)
    assert (
        struct.unpack_from("<I", read(found, "__pycache__/a.cpython-311.pyc"), 8)[0]
        == members(found)["a.py"].mtime
    )
    kept = struct.unpack_from("<I", read(found, "__pycache__/base.cpython-311.pyc"), 8)[0]
    assert kept == NOW, "its source is the base's, whose times are its own"
    assert read(found, "__pycache__/hashed.cpython-311.pyc") == read(
        built(NOW), "__pycache__/hashed.cpython-311.pyc"
    )


def test_what_is_no_layer_is_said() -> None:
    with pytest.raises(ValueError, match="not a layer"):
        rewrite_layer(io.BytesIO(b"x" * 600), io.BytesIO(), lower=LowerLayers(), cancellation=Cancellation())


@pytest.mark.parametrize("length", [1, 99, 100, 101, 155, 156, 256, 257, 300])
@pytest.mark.parametrize("kind", [REGULAR, DIRECTORY])
def test_names_of_any_length_are_read_back(length: int, kind: bytes) -> None:
    name = "/".join("x" * 50 for _ in range(6))[-length:].strip("/") or "x"
    head = write_header(LayerEntry(name.encode(), kind, 0o644, 0, 0, 5))
    with tarfile.open(fileobj=io.BytesIO(head + bytes(1024))) as archive:
        (member,) = archive
    assert (member.name, member.mtime, member.isdir()) == (name, 5, kind == DIRECTORY)


CONFIG: JsonObject = {"Env": ["A=1"], "Cmd": ["sh"], "Labels": {"a": "b"}}


def test_an_images_id_is_the_digest_that_is_computed_here() -> None:
    digest, document = canonical_config(CONFIG, platform="linux/amd64", diff_ids=["sha256:1"], base_layers=0)
    assert digest == f"sha256:{hashlib.sha256(document).hexdigest()}"
    assert b'"created":"1980-01-01T00:00:00Z"' in document


@pytest.mark.parametrize(
    "noise",
    [
        {"Hostname": "abc", "Image": "sha256:1", "ArgsEscaped": True},
        {"OnBuild": None, "Entrypoint": [], "Volumes": {}},
        {"WorkingDir": "/"},
    ],
    ids=["of a builder", "empty", "root"],
)
def test_what_builders_add_to_a_configuration_changes_nothing(noise: JsonObject) -> None:
    wanted = canonical_config(CONFIG, platform="linux/amd64", diff_ids=[], base_layers=0)
    found = canonical_config({**noise, **CONFIG}, platform="linux/amd64", diff_ids=[], base_layers=0)
    assert found == wanted


def test_the_base_is_the_one_with_most_of_the_layers() -> None:
    bases = {"small": ("1",), "large": ("1", "2"), "other": ("2",), "empty": ()}
    assert base_of(("1", "2", "3"), bases) == "large"
    assert base_of(("1", "3"), bases) == "small"
    assert base_of(("3",), bases) is None


def test_canonical_json_is_what_is_hashed() -> None:
    named, plain = (
        canonical_config(CONFIG, platform=platform, diff_ids=[], base_layers=0)[1]
        for platform in ("linux/arm64/v8", "linux/arm64")
    )
    assert named == plain
    assert b'"architecture":"arm64"' in plain
    assert canonical_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'.encode()
