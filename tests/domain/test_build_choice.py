"""Which builder a build is given to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.build import (
    SESSION_NEEDS,
    Builder,
    BuilderSupport,
    BuildRequirements,
    Need,
    Ulimit,
    choose_builder,
)
from previewer.errors import UnsupportedError

MODERN = BuilderSupport(has_buildkit=True, has_buildx=True)
PLAIN = BuilderSupport(has_buildkit=True)
OLD = BuilderSupport(has_buildkit=True, has_buildx=True, has_limits=False)
CONTAINERD_26 = BuilderSupport(has_buildkit=True, has_endpoint=False, has_buildx=True)
CLASSIC = BuilderSupport(has_buildkit=False, has_buildx=True)


@pytest.mark.parametrize(
    ("needs", "support", "expected"),
    [
        ((), MODERN, Builder.BUILDKIT),
        ((), PLAIN, Builder.BUILDKIT),
        ((), CLASSIC, Builder.CLASSIC),
        ((), CONTAINERD_26, Builder.BUILDX),
        ((Need.SECRETS,), MODERN, Builder.BUILDX),
        ((Need.SSH, Need.CONTEXTS), OLD, Builder.BUILDX),
        ((Need.ULIMITS,), MODERN, Builder.BUILDKIT),
        ((Need.ULIMITS,), OLD, Builder.CLASSIC),
        ((Need.SHM_SIZE,), CLASSIC, Builder.CLASSIC),
        ((Need.SHM_SIZE,), CONTAINERD_26, Builder.BUILDX),
    ],
)
def test_the_most_direct_builder_that_serves(
    needs: tuple[Need, ...], support: BuilderSupport, expected: Builder
) -> None:
    assert choose_builder(needs, support) is expected


@pytest.mark.parametrize(
    ("needs", "support", "words"),
    [
        ((Need.SECRETS,), PLAIN, "build.secrets: this takes a session"),
        ((Need.SECRETS,), CLASSIC, "no builder with all of this"),
        ((Need.SECRETS, Need.SHM_SIZE), OLD, "build.secrets, build.shm_size"),
        ((), BuilderSupport(has_buildkit=True, has_endpoint=False), "only in a session"),
    ],
)
def test_where_none_serves_the_error_says_what_to_install(
    needs: tuple[Need, ...], support: BuilderSupport, words: str
) -> None:
    with pytest.raises(UnsupportedError, match=words) as caught:
        choose_builder(needs, support)
    assert caught.value.hint


@given(st.frozensets(st.sampled_from(Need)), st.builds(BuilderSupport, *[st.booleans()] * 4))
def test_what_is_chosen_has_what_is_needed(needs: frozenset[Need], support: BuilderSupport) -> None:
    try:
        chosen = choose_builder(needs, support)
    except UnsupportedError:
        return
    if needs & SESSION_NEEDS:
        assert chosen is Builder.BUILDX
        assert support.has_buildx
    assert (chosen is not Builder.CLASSIC) <= support.has_buildkit


def test_what_reads_the_dockerfile_is_what_an_image_comes_from() -> None:
    assert [builder.kind for builder in Builder] == ["buildkit", "buildkit", "classic"]


def test_a_secret_s_value_is_in_no_description() -> None:
    requirements = BuildRequirements(
        secrets={"token": b"hunter2"}, ssh=("gh=/home/ada/key",), ulimits=(Ulimit("nofile", 1, 2),)
    )
    assert requirements.needs == {Need.SECRETS, Need.SSH, Need.ULIMITS}
    assert "hunter2" not in repr(requirements) + str(requirements.described)
    assert requirements.described["secrets"] == ["token"]
    assert requirements.described["ssh"] == ["gh"]
