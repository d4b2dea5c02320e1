"""What differs between two images, and between the builds of two definitions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.release.image_comparison import ImageContent, ImageDifference, ImageFile, compare_images

FILE = ImageFile("file", 0o644, 0, 0, "digest")
files = st.builds(
    ImageFile,
    st.sampled_from(["file", "folder", "link"]),
    st.sampled_from([0o644, 0o755]),
    st.integers(0, 1),
    st.integers(0, 1),
    st.sampled_from(["", "a", "b"]),
)
contents = st.builds(
    lambda files, config: ImageContent(files=files, config=config),  # its types name a recursive one
    st.dictionaries(st.sampled_from(["a", "b", "c/d"]), files),
    st.dictionaries(st.sampled_from(["Env", "Cmd"]), st.lists(st.sampled_from(["x", "y"]))),
)
OTHER_WAY = {"added": "removed", "removed": "added"}


def test_every_kind_of_change_has_its_word() -> None:
    old = {"gone": FILE, "kind": FILE, "content": FILE, "mode": FILE, "owner": FILE, "same": FILE}
    new = {
        "new": FILE,
        "kind": ImageFile("link", 0o644, 0, 0, "digest"),
        "content": ImageFile("file", 0o600, 0, 0, "other"),
        "mode": ImageFile("file", 0o600, 0, 0, "digest"),
        "owner": ImageFile("file", 0o644, 5, 0, "digest"),
        "same": FILE,
    }
    found = compare_images(ImageContent(old, {"Cmd": ["a"], "Env": []}), ImageContent(new, {"Cmd": ["b"]}))
    assert found == (
        ImageDifference("/content", "content"),
        ImageDifference("/gone", "removed"),
        ImageDifference("/kind", "kind"),
        ImageDifference("/mode", "mode"),
        ImageDifference("/new", "added"),
        ImageDifference("/owner", "owner"),
        ImageDifference("config.Cmd", "value"),
    )


@given(contents, contents)
def test_nothing_differs_from_itself_and_both_ways_tell_the_same(one: ImageContent, other: ImageContent) -> None:
    assert compare_images(one, one) == ()
    there, back = compare_images(one, other), compare_images(other, one)
    assert {(each.path, OTHER_WAY.get(each.change, each.change)) for each in there} == {
        (each.path, each.change) for each in back
    }
