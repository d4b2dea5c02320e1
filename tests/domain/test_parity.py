"""Parity: each difference is found and named, allow-lists keep apart what is meant, the score says how much."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.deploy.target import container_spec, network_specs
from previewer.domain.drift.finding import Severity
from previewer.domain.isolation.isolate import isolate
from previewer.domain.parity.compare import FULL, compare_sides, conceal, shown_value
from previewer.domain.parity.difference import ParitySide, Side, read_allowances
from previewer.domain.parity.groups import fact_name, group_facts, ratio_of
from previewer.domain.release.release import Artifact
from previewer.domain.secrecy import Secrecy
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.networks import network_body
from tests.domain.values import make_ownership, make_target

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Model = dict[str, Any]
WEB: Model = {
    "image": "web:1",
    "command": ["serve", "--fast"],
    "environment": {"LOG_LEVEL": "info", "DB_PASSWORD": "hunter22", "EMPTY": None},
    "ports": [{"target": 8080, "protocol": "tcp", "mode": "ingress"}],
    "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
    "networks": {"default": None},
    "healthcheck": {"test": ["CMD", "true"], "interval": "5s"},
    "deploy": {"resources": {"limits": {"memory": "256", "pids": 64}}, "replicas": 2, "placement": {}},
    "cap_drop": ["ALL"],
    "user": "10:10",
    "restart": "always",
    "labels": {"team": "blue"},
}
MODEL: Model = {
    "name": "shop",
    "services": {"web": WEB, "db": {"image": "db:1", "networks": {"default": None}}},
    "networks": {"default": {"name": "shop_default"}},
    "volumes": {"data": {"name": "shop_data"}},
}


def side(model: Mapping[str, Any], *, role: Role = Role.STAGING, images: str = "a", name: str = "") -> ParitySide:
    definition = Definition(role.value, role, (f"envs/{role.value}.yaml",), model)
    artifacts = {
        service: Artifact(f"sha256:{images * 64}", "linux/amd64", "buildkit", service)
        for service in definition.services
    }
    return ParitySide(name or role.value, definition, "c0", NOW, artifacts, release="sha256:ab")


def changed(change: Any) -> Model:
    model = copy.deepcopy(MODEL)
    change(model["services"]["web"], model)
    return model


CHANGES: dict[str, Any] = {
    "services.web.environment.LOG_LEVEL": lambda web, _: web["environment"].update(LOG_LEVEL="debug"),
    "services.web.environment.NEW": lambda web, _: web["environment"].update(NEW="1"),
    "services.web.environment.EMPTY": lambda web, _: web["environment"].pop("EMPTY"),
    "services.web.environment.DB_PASSWORD": lambda web, _: web["environment"].update(DB_PASSWORD="other123"),
    "services.web.command": lambda web, _: web["command"].reverse(),
    "services.web.entrypoint": lambda web, _: web.update(entrypoint=[]),
    "services.web.ports.9090/tcp": lambda web, _: web["ports"].append({"target": 9090, "protocol": "tcp"}),
    "services.web.ports.8080/tcp.published": lambda web, _: web["ports"][0].update(published="80"),
    "services.web.volumes./data.source": lambda web, _: web["volumes"][0].update(source="other"),
    "services.web.volumes./data.read_only": lambda web, _: web["volumes"][0].update(read_only=True),
    "services.web.networks.back": lambda web, _: web["networks"].update(back=None),
    "services.web.healthcheck.interval": lambda web, _: web["healthcheck"].update(interval="1s"),
    "services.web.deploy.resources.limits.memory": lambda web, _: web["deploy"]["resources"]["limits"].update(
        memory="512"
    ),
    "services.web.replicas": lambda web, _: web["deploy"].update(replicas=3),
    "services.web.user": lambda web, _: web.pop("user"),
    "services.web.cap_add.NET_ADMIN": lambda web, _: web.update(cap_add=["NET_ADMIN"]),
    "services.web.cap_drop.ALL": lambda web, _: web.update(cap_drop=[]),
    "services.web.restart": lambda web, _: web.update(restart="no"),
    "services.web.labels.team": lambda web, _: web["labels"].update(team="red"),
    "services.web.read_only": lambda web, _: web.update(read_only=True),
    "services.cache": lambda _, model: model["services"].update(cache={"image": "c:1", "user": "1"}),
    "services.db": lambda _, model: model["services"].pop("db"),
    "networks.default.internal": lambda _, model: model["networks"]["default"].update(internal=True),
    "volumes.more": lambda _, model: model["volumes"].update(more={"name": "shop_more"}),
}


@pytest.mark.parametrize("path", CHANGES)
def test_each_single_change_is_found_and_named_and_can_be_declared(path: str) -> None:
    before, after = side(MODEL), side(changed(CHANGES[path]), role=Role.PRODUCTION)
    parity = compare_sides(before, after)
    assert [difference.path for difference in parity.undeclared] == [path]
    assert parity.score < FULL
    allowed = {**after.definition.model, "x-previewer": {"parity": {"allow": [{"path": path, "reason": "so"}]}}}
    again = compare_sides(before, side(allowed, role=Role.PRODUCTION))
    assert [(difference.path, difference.reason) for difference in again.differences] == [(path, "so")]
    assert (again.score, again.stale) == (FULL, ())


def test_other_names_and_an_order_that_means_nothing_are_no_difference() -> None:
    def rename(web: Model, model: Model) -> None:
        model["name"] = "other"
        model["networks"]["default"]["name"] = "other_default"
        model["x-previewer"] = {"role": "production", "ttl": "never"}
        web["deploy"].pop("placement")
        web["deploy"].pop("replicas")
        web["scale"] = 2

    assert compare_sides(side(MODEL), side(changed(rename))).differences == ()


def test_images_are_compared_by_digest_and_their_packages_one_by_one() -> None:
    left = replace(side(MODEL), packages={"web": {"deb/openssl": "3.0.1", "deb/zlib": "1"}})
    right = replace(side(MODEL, images="b"), packages={"web": {"deb/openssl": "3.0.2", "deb/zlib": "1"}})
    paths = [difference.path for difference in compare_sides(left, right).undeclared]
    assert paths == ["services.db.image", "services.web.image", "services.web.packages.deb/openssl"]
    assert compare_sides(left, replace(left, packages={})).differences == ()


def test_what_was_not_frozen_is_compared_as_it_is_written() -> None:
    frozen, written = side(MODEL), replace(side(changed(lambda web, _: web.update(image="web:2"))), release="")
    assert [d.path for d in compare_sides(frozen, written).differences] == ["services.web.image"]
    assert compare_sides(frozen, replace(frozen, release="")).differences == ()


def test_a_service_that_does_not_run_is_missing() -> None:
    running = replace(side(MODEL), services=frozenset({"db"}))
    found = compare_sides(side(MODEL), running).differences
    assert [(d.path, d.severity, d.service) for d in found] == [("services.web", Severity.HIGH, "web")]


def test_another_commit_weighs_little_and_says_which_is_older() -> None:
    newer = replace(side(MODEL), commit="c1", committed_at=NOW + timedelta(days=2))
    parity = compare_sides(side(MODEL), newer)
    assert [(d.path, d.severity) for d in parity.differences] == [("commit", Severity.LOW)]
    assert parity.age == timedelta(days=2)
    assert 90 <= parity.score < FULL


def allow(*entries: Model) -> Any:
    return lambda web, model: (
        web["environment"].update(LOG_LEVEL="debug"),
        model.update({"x-previewer": {"parity": {"allow": list(entries)}}}),
    )


LIVES = {"immutability": "enforce", "writable": {"web": ["/run"]}}
OWN_WAYS: dict[str, tuple[Model, tuple[str, ...]]] = {
    "egress": ({"egress": False}, ("services.web.cap_drop.NET_RAW",)),
    "memory": ({"limits": {"memory": "64m"}}, ("services.db.mem_limit",)),
    "pids": ({"limits": {"pids": 9}}, ("services.db.pids_limit",)),
    "cpus": ({"limits": {"cpus": 0.5}}, ("services.db.cpus",)),
    "enforced": (LIVES, ("services.web.read_only", "services.web.tmpfs./run", "x-previewer.immutability")),
    "not looked at": ({"immutability": "off"}, ("x-previewer.immutability",)),
    "writable": ({"writable": {"web": ["/run"]}}, ("x-previewer.writable.web./run",)),
    "routes": ({"routes": [{"service": "web", "port": 8080}]}, ("x-previewer.routes.web/8080",)),
}


@pytest.mark.parametrize("name", OWN_WAYS)
def test_what_previewer_itself_applies_is_compared_and_can_be_declared(name: str) -> None:
    extension, expected = OWN_WAYS[name]
    other = changed(lambda web, model: (web.pop("cap_drop"), model.update({"x-previewer": extension})))
    plain = side(changed(lambda web, _: web.pop("cap_drop")))
    parity = compare_sides(plain, side(other, role=Role.PRODUCTION))
    assert set(expected) <= {difference.path for difference in parity.undeclared}
    assert parity.score < FULL
    allowed = [{"path": path, "reason": "so"} for path in ("services", "networks", "x-previewer")]
    other["x-previewer"] = {**extension, "parity": {"allow": allowed}}
    assert compare_sides(plain, side(other, role=Role.PRODUCTION)).undeclared == ()


KEYS: dict[str, Model] = {
    "nothing": {},
    "read_only": {"read_only": True},
    "mem_limit": {"mem_limit": "1048576"},
    "pids_limit": {"pids_limit": 5},
    "privileges": {"security_opt": ["no-new-privileges:false"]},
    "log": {"logging": {"driver": "none"}},
    "dns": {"dns": ["10.0.0.1"]},
    "cap_drop": {"cap_drop": ["NET_RAW"]},
    "restart": {"restart": "always"},
}
EXTENSIONS: dict[str, Model] = {"none": {}, **{name: extension for name, (extension, _paths) in OWN_WAYS.items()}}


def _body(one: ParitySide) -> object:
    """All that the engine is asked for the service, but names and labels."""
    applied = isolate(one.definition, role=one.role).definition
    target = replace(make_target(applied), ownership=make_ownership())
    body = container_body(container_spec(target, applied.services["db"], 1), api_version=(1, 51)).body
    networks = [network_body(spec, None, api_version=(1, 51)) for _key, spec in network_specs(target)]
    return without_names([body, *networks])


def without_names(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_names(inner) for key, inner in value.items() if key not in ("Labels", "Name", "Env")}
    return [without_names(inner) for inner in value] if isinstance(value, list | tuple) else value


@given(st.data())
def test_any_difference_in_what_the_engine_is_asked_is_a_difference(data: st.DataObject) -> None:
    sides = []
    for _side in range(2):
        role = data.draw(st.sampled_from(Role))
        model = copy.deepcopy(MODEL)
        model["services"]["db"] |= KEYS[data.draw(st.sampled_from(sorted(KEYS)))]
        model["x-previewer"] = EXTENSIONS[data.draw(st.sampled_from(sorted(EXTENSIONS)))]
        sides.append(side(model, role=role))
    if _body(sides[0]) != _body(sides[1]):
        assert compare_sides(*sides).differences


def test_what_every_preview_is_restricted_by_is_told_and_no_fault() -> None:
    parity = compare_sides(side(MODEL, role=Role.PREVIEW), side(MODEL))
    assert {d.path for d in parity.declared} >= {"services.web.restart"}
    assert (parity.undeclared, parity.score) == ((), FULL)


def test_a_previews_own_list_does_not_count_beside_production() -> None:
    everything = {"path": "**", "reason": "trust me"}
    preview = side(changed(allow(everything)), role=Role.PREVIEW)
    assert len(compare_sides(preview, side(MODEL, role=Role.PRODUCTION)).undeclared) == 1
    assert compare_sides(preview, side(MODEL, role=Role.PREVIEW)).undeclared == ()


def test_an_entry_may_be_about_one_role_and_one_that_matches_nothing_is_stale() -> None:
    about_previews = {"path": "services.web.environment.*", "reason": "cheap", "against": "preview"}
    of_no_use = {"path": "services.web.mem_limit", "reason": "once"}
    production = side(changed(allow(about_previews, of_no_use)), role=Role.PRODUCTION)
    beside_preview = compare_sides(side(MODEL, role=Role.PREVIEW), production)
    assert (beside_preview.score, [a.path for a in beside_preview.stale]) == (FULL, ["services.web.mem_limit"])
    beside_staging = compare_sides(side(MODEL), production)
    assert len(beside_staging.undeclared) == 1
    assert read_allowances(production.definition)[0].against == "preview"


def test_no_secret_is_shown_and_equal_ones_look_equal() -> None:
    other = changed(
        lambda web, _: web["environment"].update(
            DB_PASSWORD="correcthorse", LOG_LEVEL="postgres://app:s3cr3t@db/app", GREETING="hello battery"
        )
    )
    secrecy = Secrecy(b"key", ["battery"])
    texts = {
        d.path: (shown_value(d, Side.LEFT, secrecy), shown_value(d, Side.RIGHT, secrecy))
        for d in compare_sides(side(MODEL), side(other)).differences
    }
    everything = str(texts)
    assert not any(secret in everything for secret in ("hunter22", "correcthorse", "s3cr3t", "battery"))
    assert texts["services.web.environment.LOG_LEVEL"][0] == "info"
    assert texts["services.web.environment.DB_PASSWORD"][0] == secrecy.hashed("hunter22")


def test_a_services_name_may_have_dots_in_it() -> None:
    dotted = {"services": {"api.v2": WEB, "api": {"image": "x"}}}
    other = copy.deepcopy(dotted)
    other["services"]["api.v2"]["environment"]["DB_PASSWORD"] = "correcthorse"
    other["services"].pop("api")
    found = compare_sides(side(dotted), side(other)).differences
    assert [(d.service, d.path) for d in found] == [
        ("api", "services.api"),
        ("api.v2", "services.api.v2.environment.DB_PASSWORD"),
    ]
    secrecy = Secrecy(b"key")
    assert shown_value(found[1], Side.RIGHT, secrecy) == secrecy.hashed("correcthorse")


def test_secrets_are_concealed_wherever_they_are_in_a_model() -> None:
    service: Model = {
        "environment": {"DB_PASSWORD": "hunter22", "MODE": "fast"},
        "command": ["--from", "ftp://a:bcd@x"],
    }
    concealed = conceal("services.web", service, Secrecy(b"key"))
    assert "hunter22" not in str(concealed)
    assert "bcd" not in str(concealed)
    assert "fast" in str(concealed)


WORDS = st.sampled_from(["a", "b", "A_B", "x.y", "/data", "ALL", "1"])
SERVICES = st.fixed_dictionaries(
    {},
    optional={
        "command": st.lists(WORDS, max_size=2),
        "environment": st.dictionaries(WORDS, st.one_of(st.none(), WORDS), max_size=3),
        "cap_add": st.lists(WORDS, max_size=3, unique=True),
        "networks": st.dictionaries(WORDS, st.none(), max_size=2),
        "volumes": st.lists(st.fixed_dictionaries({"type": WORDS, "target": WORDS}), max_size=3),
        "ports": st.lists(st.fixed_dictionaries({"target": st.integers(1, 3), "protocol": WORDS}), max_size=3),
        "user": WORDS,
        "deploy": st.fixed_dictionaries({}, optional={"replicas": st.integers(0, 2), "mode": WORDS}),
    },
)
MODELS = st.fixed_dictionaries({"services": st.dictionaries(WORDS, SERVICES, max_size=3)})


@given(MODELS)
def test_whatever_it_is_it_is_as_itself(model: Model) -> None:
    parity = compare_sides(side(model), side(copy.deepcopy(model)))
    assert (parity.differences, parity.score) == ((), FULL)


@given(MODELS, MODELS)
def test_the_two_sides_can_be_exchanged(one: Model, other: Model) -> None:
    there, back = compare_sides(side(one), side(other)), compare_sides(side(other), side(one))
    assert [(d.path, d.left, d.right) for d in there.differences] == [
        (d.path, d.right, d.left) for d in back.differences
    ]
    assert there.score == back.score
    assert 0 <= there.score <= FULL
    assert (there.score == FULL) == (not there.undeclared)


@given(MODELS, MODELS)
def test_allowing_everything_leaves_nothing_undeclared(one: Model, other: Model) -> None:
    allowed = {**other, "x-previewer": {"parity": {"allow": [{"path": "**", "reason": "so"}]}}}
    assert compare_sides(side(one), side(allowed)).score == FULL


def test_facts_are_grouped_by_service_and_groups_that_are_alike_say_so() -> None:
    limits = {"cpus": 2, "mem_limit": 512}
    services = {name: {"image": f"{name}:1", "cpus": 1, "mem_limit": 256} for name in ("api", "db", "web")}
    more = {name: {**service, **limits} for name, service in services.items()}
    more["web"]["cpus"] = 1
    found = compare_sides(side({"services": services}), side({"services": more}, role=Role.PRODUCTION))
    groups = group_facts(found.undeclared)
    assert [(group.service, group.count, group.like) for group in groups] == [
        ("api", 2, ""),
        ("db", 2, "api"),
        ("web", 1, ""),
    ]
    assert [ratio_of(difference) for difference in groups[0].facts] == [2, 2]
    same = {
        group.service: [fact_name(fact.path, fact.service) for fact in group.facts]
        for group in group_facts(found.same)
    }
    assert "cpus" in same["web"]
    assert found.facts == len(found.same) + len(found.differences)


def test_packages_are_a_part_of_their_own_and_no_amounts() -> None:
    sides = [
        replace(side(MODEL, images=digit), packages={"web": {"deb/a": version, "deb/b": "1"}})
        for digit, version in (("a", "1"), ("b", "2"))
    ]
    groups = {group.service: group for group in group_facts(compare_sides(*sides).differences)}
    assert [fact.path for fact in groups["web"].packages] == ["services.web.packages.deb/a"]
    assert [fact.path for fact in groups["web"].facts] == ["services.web.image"]
    assert ratio_of(groups["web"].packages[0]) is None
