"""Pruning never takes what runs, what a rollback needs, or the newest releases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.engine.observation import Observation, ObservedVolume
from previewer.domain.labels import Ownership
from previewer.domain.record.notes import EnvironmentNotes, KnownGood
from previewer.domain.release.release import Artifact, FrozenDefinition, Release
from previewer.domain.release.retention import judge_images, judge_releases

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
US, OTHERS = "0123456789abcdef", "f" * 16
COUNT = 6


def image(number: int) -> str:
    return f"sha256:{number:064d}"


def make(number: int) -> Release:
    """The number-th newest release, with an image of its own."""
    artifact = Artifact(image(number), "linux/amd64", "buildkit", "web:1")
    frozen = FrozenDefinition(Definition("preview", Role.PREVIEW, (), {}), {"web": artifact})
    return Release("shop", f"{number:040d}", "2" * 40, NOW - timedelta(days=number), {"preview": frozen})


RELEASES = [make(number) for number in range(COUNT)]


def volume(release: Release, environment: str, *, generation: int = 1, installation: str = US) -> ObservedVolume:
    """Something of an environment, left on the engine."""
    owner = Ownership(
        installation,
        "shop",
        environment,
        Role.STAGING,
        generation,
        None,
        release.commit,
        release.id,
        "ada",
        NOW,
        None,
        "x",
    )
    return ObservedVolume(f"{environment}-{generation}", "data", owner)


def good(release: Release) -> KnownGood:
    return KnownGood(release.id, release.commit, 1, NOW)


def test_every_reason_is_told() -> None:
    observed = Observation(
        volumes=(
            volume(RELEASES[2], "shop-staging", generation=4),
            volume(RELEASES[3], "shop-staging", generation=3),
            volume(RELEASES[4], "shop-staging", generation=3, installation=OTHERS),
        )
    )
    notes = {"shop-staging": EnvironmentNotes(4, kept=(3,), known_good=(good(RELEASES[5]),))}
    judged = judge_releases([*RELEASES, make(6)], observed=observed, notes=notes, installation=US, newest=2)
    assert [(found.keeps, found.reason) for found in judged.values()] == [
        (True, "it is one of the newest 2 releases"),
        (True, "it is one of the newest 2 releases"),
        (True, "shop-staging runs it"),
        (True, "generation 3 of shop-staging is kept to roll back to"),
        (True, "shop-staging runs it"),
        (True, "it was good in shop-staging"),
        (False, "no environment needs it, and it is not among the newest 2"),
    ]


def test_what_was_good_in_an_environment_that_is_gone_is_not_needed() -> None:
    notes = {"shop-staging": EnvironmentNotes(4, known_good=(good(RELEASES[0]),))}
    others = Observation(volumes=(volume(RELEASES[1], "shop-staging", installation=OTHERS),))
    judged = judge_releases(RELEASES[:2], observed=others, notes=notes, installation=US, newest=0)
    assert [found.keeps for found in judged.values()] == [False, True]
    ours = Observation(volumes=(volume(RELEASES[1], "shop-staging"),))
    judged = judge_releases(RELEASES[:2], observed=ours, notes=notes, installation=US, newest=0)
    assert [found.keeps for found in judged.values()] == [True, True]


def test_what_is_worked_on_stays() -> None:
    judged = judge_releases(
        RELEASES[:2], observed=Observation(), notes={}, installation=US, newest=0, claimed={RELEASES[1].commit}
    )
    assert [(found.keeps, found.reason) for found in judged.values()] == [
        (False, "no environment needs it"),
        (True, "an `up` of its commit is running"),
    ]
    images = [image(0), image(1), image(8), image(9)]
    found = judge_images(
        images, releases=RELEASES[:2], judged=judged, observed=Observation(), young={image(0), image(8)}
    )
    assert [found[one].keeps for one in images] == [False, True, True, False]


def test_an_image_stays_with_any_of_its_releases() -> None:
    shared = structs.replace(RELEASES[1], commit="9" * 40)
    judged = judge_releases([RELEASES[0], shared], observed=Observation(), notes={}, installation=US, newest=1)
    images = [image(0), image(1), image(9)]
    found = judge_images(images, releases=[RELEASES[0], shared], judged=judged, observed=Observation())
    assert [found[one].keeps for one in images] == [True, False, False]
    assert found[image(9)].reason == "no environment runs it, and no release has it"


NUMBERS = st.sets(st.integers(0, COUNT - 1))


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(0, COUNT), st.sampled_from([US, OTHERS]))
def test_what_anybody_needs_stays_and_nothing_else(
    running: set[int], kept: set[int], known: set[int], newest: int, whose: str
) -> None:
    observed = Observation(
        volumes=(
            *(volume(RELEASES[n], f"e{n}", generation=2, installation=whose) for n in sorted(running)),
            *(volume(RELEASES[n], f"e{n}") for n in sorted(kept)),
        )
    )
    before = {n: (n + 1) % COUNT for n in known}
    notes = {f"e{n}": EnvironmentNotes(2, known_good=(good(RELEASES[was]),)) for n, was in before.items()}
    judged = judge_releases(RELEASES, observed=observed, notes=notes, installation=US, newest=newest)
    present = kept | (running if whose == US else set())
    needed = running | kept | {was for n, was in before.items() if n in present} | set(range(newest))
    assert {n for n in range(COUNT) if judged[RELEASES[n].id].keeps} == needed
    images = judge_images(map(image, range(COUNT)), releases=RELEASES, judged=judged, observed=observed)
    assert {n for n in range(COUNT) if images[image(n)].keeps} == needed
