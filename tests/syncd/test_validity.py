"""When a chain of certificates is valid."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.platforms.validity import Validity, common_validity
from tests.syncd.authority import DAY, Authority, around

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def der(pem: bytes) -> bytes:
    text = pem.decode()
    return ssl.PEM_cert_to_DER_cert(text[: text.index("-----END CERTIFICATE-----") + 25] + "\n")


def test_a_chain_is_valid_while_each_of_its_certificates_is(tmp_path: Path) -> None:
    city = Authority(tmp_path / "ca", around(NOW - 10 * DAY))
    leaf = der(city.issue("city", around(NOW)).read_bytes())
    found = common_validity([leaf, der(city.ca.read_bytes())])
    assert found == Validity(NOW - 30 * DAY, NOW + 20 * DAY)
    second = timedelta(seconds=1)
    assert [found.holds(found.since - second), found.holds(found.since)] == [False, True]
    assert [found.holds(found.until), found.holds(found.until + second)] == [True, False]
    assert str(found) == "from 2026-05-02 00:00 to 2026-06-21 00:00 UTC"


def test_one_that_was_never_valid_as_a_whole_holds_nothing(tmp_path: Path) -> None:
    city = Authority(tmp_path / "ca", around(NOW - 100 * DAY))
    leaf = der(city.issue("city", around(NOW)).read_bytes())
    found = common_validity([leaf, der(city.ca.read_bytes())])
    assert not any(found.holds(NOW + day * DAY) for day in range(-200, 200))


def test_an_authority_may_be_renewed_but_not_by_another_name_or_key_nor_a_peer_by_anybody(
    tmp_path: Path,
) -> None:
    old = Authority(tmp_path / "ca", around(NOW - 100 * DAY))
    leaf = der(old.issue("city", around(NOW)).read_bytes())
    chain = [leaf, der(old.ca.read_bytes())]
    renewed = der(old.own(around(NOW)))
    whole = Validity(NOW - 30 * DAY, NOW + 30 * DAY)
    assert common_validity(chain, [renewed]) == whole
    assert common_validity([leaf, renewed], [chain[1]]) == whole
    for other in (
        Authority(tmp_path / "name", around(NOW), "Somebody else", old.key),
        Authority(tmp_path / "key", around(NOW), old.name),
    ):
        assert not common_validity(chain, [der(other.ca.read_bytes()), b"no certificate"]).holds(NOW)
    alone = common_validity([chain[1]], [renewed])
    assert not alone.holds(NOW), "who shows a certificate is bound by it"


@pytest.mark.parametrize("chain", [[], [b"no certificate"]])
def test_what_cannot_be_read_is_no_chain(chain: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"empty|pars"):
        common_validity(chain)
