"""Which numbers a service's user has."""

from __future__ import annotations

import pytest

from previewer.domain.compose.mounted_files import ROOT, FileOwner, find_owner

PASSWD = "root:x:0:0::/root:/bin/sh\n\nbroken\nwww:x:82:83::/:/bin/sh\nhuge:x:99999999999:1::/:\n7:x:70:71::/:\n"
GROUP = "root:x:0:\nmedia:x:1005:www\n"


@pytest.mark.parametrize(
    ("user", "owner"),
    [
        ("1000", FileOwner(1000, 0)),
        ("82", FileOwner(82, 83)),
        ("1000:1001", FileOwner(1000, 1001)),
        ("www", FileOwner(82, 83)),
        ("www:media", FileOwner(82, 1005)),
        ("www:9", FileOwner(82, 9)),
        ("1000:media", FileOwner(1000, 1005)),
        ("www:nobody", FileOwner(82, 0)),
        ("7", FileOwner(70, 71)),
        ("root", ROOT),
        ("ghost", ROOT),
        ("huge", ROOT),
        ("99999999999", ROOT),
        ("-1", ROOT),
        ("", ROOT),
    ],
)
def test_a_user_is_found_as_an_engine_finds_it(user: str, owner: FileOwner) -> None:
    assert find_owner(user, PASSWD, GROUP) == owner


def test_numbers_need_no_file() -> None:
    assert find_owner("1000:1001") == FileOwner(1000, 1001)
