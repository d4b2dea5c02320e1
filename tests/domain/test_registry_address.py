"""Places in registries: what is one, what is none, and which registry is on this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.release.registry_address import RegistryAddress, familiar_address, is_loopback, parse_address
from previewer.errors import UsageError

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("registry.example.com/shop", RegistryAddress("registry.example.com", "shop")),
        ("localhost/team/shop:v1", RegistryAddress("localhost", "team/shop", tag="v1")),
        ("127.0.0.1:5000/a/b/c", RegistryAddress("127.0.0.1:5000", "a/b/c")),
        ("[::1]:5000/shop:v1", RegistryAddress("[::1]:5000", "shop", tag="v1")),
        (f"r.io/shop@{DIGEST}", RegistryAddress("r.io", "shop", digest=DIGEST)),
        (f"r.io:443/s__h-o.p:v1@{DIGEST}", RegistryAddress("r.io:443", "s__h-o.p", "v1", DIGEST)),
    ],
)
def test_an_address_is_read(text: str, address: RegistryAddress) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "team/shop",
        "r.io/",
        "r.io/Shop",
        "r.io//shop",
        "r.io/../shop",
        "r.io/shop:a b",
        "r.io/shop:" + "v" * 129,
        "r.io/shop@sha256:ab",
        "r.io/shop@md5:ab",
        "https://r.io/shop",
        "user@r.io/shop",
        "r.io/shop?x=y",
        "-r.io/shop\n",
    ],
)
def test_what_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert "registry.example.com/team/shop" in (caught.value.hint or "")


names = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,2}", fullmatch=True)


@given(
    st.from_regex(r"[a-z0-9]{1,8}\.example\.com(:5000)?", fullmatch=True),
    st.lists(names, min_size=1, max_size=3).map("/".join),
    st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True),
)
def test_what_is_printed_is_read_again(registry: str, repository: str, tag: str | None) -> None:
    address = RegistryAddress(registry, repository, tag)
    assert parse_address(str(address)) == address
    by_digest = address.by_digest(DIGEST)
    assert parse_address(str(by_digest)) == by_digest
    assert by_digest.tagged("v1") == RegistryAddress(registry, repository, "v1")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("python", "docker.io/library/python"),
        ("team/shop", "docker.io/team/shop"),
        ("r.io/shop", "r.io/shop"),
        ("localhost/shop", "localhost/shop"),
    ],
)
def test_docker_s_short_names_are_docker_hub_s(text: str, name: str) -> None:
    assert familiar_address(f"{text}@{DIGEST}").name == name


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("127.3.2.1:80", True),
        ("[::1]:5000", True),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("[fe80::1]", False),
    ],
)
def test_only_loopback_is_this_machine(registry: str, expected: bool) -> None:
    assert is_loopback(registry) is expected
