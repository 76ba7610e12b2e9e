"""The national algorithms against the standards' own examples, other hands' work, and tampering."""

from __future__ import annotations

import base64
from itertools import product

import pytest
from gmssl import func as gmssl_func
from gmssl import sm3 as gmssl_sm3
from gmssl.sm2 import CryptSM2
from hypothesis import given, settings
from hypothesis import strategies as st

from pad import gm

# GM/T 0003.5-2012, appendix C: an encryption on the recommended curve with everything fixed.
PRIVATE_KEY = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
PUBLIC_KEY = (
    "04"
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
PLAINTEXT = b"encryption standard"
SCALAR = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
C1 = (
    "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
    "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
)
C2 = "21886ca989ca9c7d58087307ca93092d651efa"
C3 = "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"

# Written by OpenSSL's own SM2 (3.0) for the key above; here x and y both need ASN.1's leading zero byte.
OPENSSL_ASN1 = (
    "3076022100f27f18514d9253629c1bad8a5ddb9e46ed7e0c3d8736ee72f6450da089d063b7022100d8dd471da2f66b00eaeb"
    "01563c1cd2752739b284d0f7c0fa79883cd256996e22042037af2a325194766227be395ee6c0fdbfcd15140aef233c07a7a7"
    "411b1b22e5cd040cb85b48514fd7e174a5682fa8"
)
OPENSSL_PLAINTEXT = "窗口评价".encode()

RAW_FORMATS = [
    gm.Sm2Format(order, prefix04, gm.Sm2Container.RAW, text)
    for order, prefix04, text in product(gm.Sm2Order, (True, False), gm.Sm2Text)
]
ASN1_FORMATS = [gm.Sm2Format(container=gm.Sm2Container.ASN1, text=text) for text in gm.Sm2Text]
ASN1 = ASN1_FORMATS[0]


def name_of(fmt: gm.Sm2Format) -> str:
    return f"{fmt.container}-{fmt.order}-{'04' if fmt.prefix04 else 'bare'}-{fmt.text}"


every_format = pytest.mark.parametrize("fmt", RAW_FORMATS + ASN1_FORMATS, ids=name_of)
raw_formats = pytest.mark.parametrize("fmt", RAW_FORMATS, ids=name_of)


def as_bytes(text: str, fmt: gm.Sm2Format) -> bytes:
    return base64.b64decode(text) if fmt.text is gm.Sm2Text.BASE64 else bytes.fromhex(text)


def as_text(data: bytes, fmt: gm.Sm2Format) -> str:
    if fmt.text is gm.Sm2Text.BASE64:
        return base64.b64encode(data).decode()
    return data.hex().upper() if fmt.text is gm.Sm2Text.HEX_UPPER else data.hex()


class TestSm3:
    @pytest.mark.parametrize(
        ("data", "digest"),
        [
            (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
        ],
        ids=["one block", "two blocks"],
    )
    def test_examples_of_the_standard(self, data: bytes, digest: str) -> None:
        """GB/T 32905-2016, appendix A."""
        assert gm.sm3(data).hex() == digest

    @pytest.mark.parametrize("key_length", [1, 32, 64, 65], ids="key of {} bytes".format)
    def test_hmac_is_rfc_2104_over_another_hands_sm3(self, key_length: int) -> None:
        def other_sm3(data: bytes) -> bytes:
            return bytes.fromhex(gmssl_sm3.sm3_hash(gmssl_func.bytes_to_list(data)))

        key, data = bytes(range(key_length)), b"prev_hash" + b"row" * 40
        block = (key if key_length <= 64 else other_sm3(key)).ljust(64, b"\0")
        inner = other_sm3(bytes(b ^ 0x36 for b in block) + data)
        assert gm.hmac_sm3(key, data) == other_sm3(bytes(b ^ 0x5C for b in block) + inner)


class TestSm4Gcm:
    # RFC 8998, appendix A.1
    KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    NONCE = bytes.fromhex("00001234567800000000ABCD")
    AAD = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    PLAINTEXT = bytes.fromhex("".join(letter * 16 for letter in "ABCDEFEA"))
    CIPHERTEXT = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
    )
    TAG = bytes.fromhex("83DE3541E4C2B58177E065A9BF7B62EC")

    def test_seals_as_the_rfc_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pad.gm.os.urandom", lambda _: self.NONCE)
        sealed = gm.sm4_gcm_seal(self.KEY, self.PLAINTEXT, self.AAD)
        assert sealed == self.NONCE + self.CIPHERTEXT + self.TAG

    def test_opens_what_the_rfc_sealed(self) -> None:
        assert gm.sm4_gcm_open(self.KEY, self.NONCE + self.CIPHERTEXT + self.TAG, self.AAD) == self.PLAINTEXT

    def test_draws_a_new_nonce_each_time(self) -> None:
        assert len({gm.sm4_gcm_seal(self.KEY, b"", b"")[:12] for _ in range(50)}) == 50

    def test_one_changed_bit_anywhere_is_refused(self) -> None:
        sealed = gm.sm4_gcm_seal(self.KEY, b"13800000000", b"visit")
        for position in range(len(sealed)):
            changed = bytearray(sealed)
            changed[position] ^= 0x01
            with pytest.raises(gm.GmError, match="does not open"):
                gm.sm4_gcm_open(self.KEY, bytes(changed), b"visit")

    def test_another_key_or_owner_is_refused(self) -> None:
        sealed = gm.sm4_gcm_seal(self.KEY, b"13800000000", b"visit")
        for key, aad in ((bytes(16), b"visit"), (self.KEY, b"another")):
            with pytest.raises(gm.GmError, match="does not open"):
                gm.sm4_gcm_open(key, sealed, aad)

    @pytest.mark.parametrize("length", [0, 27])
    def test_too_short_to_be_sealed_is_refused(self, length: int) -> None:
        with pytest.raises(gm.GmError, match=f"{length} sealed bytes; at least 28"):
            gm.sm4_gcm_open(self.KEY, bytes(length), b"")

    @pytest.mark.parametrize("length", [15, 32])
    def test_a_key_of_another_length_is_refused(self, length: int) -> None:
        with pytest.raises(gm.GmError, match=f"16 bytes; {length}"):
            gm.sm4_gcm_seal(bytes(length), b"", b"")


class TestSm2KnownAnswers:
    @pytest.fixture
    def fixed_scalar(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pad.gm.randbelow", lambda _: SCALAR - 1)

    @pytest.mark.usefixtures("fixed_scalar")
    @pytest.mark.parametrize(
        ("fmt", "expected"),
        [
            (gm.DEFAULT_FORMAT, "04" + C1 + C3 + C2),
            (gm.Sm2Format(order=gm.Sm2Order.C1C2C3), "04" + C1 + C2 + C3),
            (gm.Sm2Format(prefix04=False), C1 + C3 + C2),
            (gm.Sm2Format(text=gm.Sm2Text.HEX_UPPER), ("04" + C1 + C3 + C2).upper()),
            (
                gm.Sm2Format(text=gm.Sm2Text.BASE64),
                base64.b64encode(bytes.fromhex("04" + C1 + C3 + C2)).decode(),
            ),
            (ASN1, "307c" + "0220" + C1[:64] + "022100" + C1[64:] + "0420" + C3 + "0413" + C2),
        ],
        ids=["default", "C1C2C3", "without 04", "upper case", "base64", "asn1"],
    )
    def test_example_of_the_standard_in_each_dress(self, fmt: gm.Sm2Format, expected: str) -> None:
        assert gm.sm2_encrypt(PUBLIC_KEY, PLAINTEXT, fmt) == expected
        assert gm.sm2_decrypt(PRIVATE_KEY, expected, fmt) == PLAINTEXT

    def test_reads_what_openssl_wrote(self) -> None:
        assert gm.sm2_decrypt(PRIVATE_KEY, OPENSSL_ASN1, ASN1) == OPENSSL_PLAINTEXT

    def test_a_stream_of_zeros_is_never_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The standard draws another scalar where the key stream would leave the text in clear."""
        streams = iter([bytes(len(PLAINTEXT)), b"\xff" * len(PLAINTEXT)])
        monkeypatch.setattr("pad.gm._key_stream", lambda _shared, _length: next(streams))
        text = gm.sm2_encrypt(PUBLIC_KEY, PLAINTEXT)
        assert text.endswith(bytes(b ^ 0xFF for b in PLAINTEXT).hex())


class TestSm2AgainstAnotherHand:
    """gmssl speaks raw C1C2C3 (mode 0) and C1C3C2 (mode 1), without 04; other dress is put on here."""

    MESSAGE = b'[{"projectNo":"5001","satisfaction":"5"}]'

    def other(self, fmt: gm.Sm2Format) -> CryptSM2:
        mode = 1 if fmt.order is gm.Sm2Order.C1C3C2 else 0
        return CryptSM2(PRIVATE_KEY, PUBLIC_KEY.removeprefix("04"), mode=mode)

    @raw_formats
    def test_it_reads_ours(self, fmt: gm.Sm2Format) -> None:
        data = as_bytes(gm.sm2_encrypt(PUBLIC_KEY, self.MESSAGE, fmt), fmt)
        if fmt.prefix04:
            assert data[0] == 0x04
            data = data[1:]
        assert self.other(fmt).decrypt(data) == self.MESSAGE

    @raw_formats
    def test_we_read_its(self, fmt: gm.Sm2Format) -> None:
        data = self.other(fmt).encrypt(self.MESSAGE)
        text = as_text(b"\x04" + data if fmt.prefix04 else data, fmt)
        assert gm.sm2_decrypt(PRIVATE_KEY, text, fmt) == self.MESSAGE


class TestSm2RoundTrips:
    @settings(max_examples=40)
    @given(plaintext=st.binary(min_size=1, max_size=200), fmt=st.sampled_from(RAW_FORMATS + ASN1_FORMATS))
    def test_what_goes_in_comes_out(self, plaintext: bytes, fmt: gm.Sm2Format) -> None:
        assert gm.sm2_decrypt(PRIVATE_KEY, gm.sm2_encrypt(PUBLIC_KEY, plaintext, fmt), fmt) == plaintext

    @every_format
    def test_a_whole_batch_at_once(self, fmt: gm.Sm2Format) -> None:
        batch = bytes(range(256)) * 200
        assert gm.sm2_decrypt(PRIVATE_KEY, gm.sm2_encrypt(PUBLIC_KEY, batch, fmt), fmt) == batch

    def test_new_key_pairs_work_and_differ(self) -> None:
        pairs = [gm.sm2_generate_keypair() for _ in range(5)]
        assert len({pair.public_key for pair in pairs}) == 5
        for pair in pairs:
            assert gm.sm2_decrypt(pair.private_key, gm.sm2_encrypt(pair.public_key, b"x")) == b"x"

    def test_a_key_pair_does_not_show_its_secret(self) -> None:
        pair = gm.sm2_generate_keypair()
        assert pair.private_key not in repr(pair)

    def test_the_same_text_twice_looks_different(self) -> None:
        assert gm.sm2_encrypt(PUBLIC_KEY, b"x") != gm.sm2_encrypt(PUBLIC_KEY, b"x")

    @pytest.mark.parametrize(
        "key", [PUBLIC_KEY.upper(), PUBLIC_KEY.removeprefix("04")], ids=["upper case", "without 04"]
    )
    def test_public_keys_come_in_several_dresses(self, key: str) -> None:
        assert gm.sm2_decrypt(PRIVATE_KEY, gm.sm2_encrypt(key, b"x")) == b"x"

    def test_hex_is_read_in_either_case(self) -> None:
        assert gm.sm2_decrypt(PRIVATE_KEY, gm.sm2_encrypt(PUBLIC_KEY, b"x").upper()) == b"x"


class TestSm2Refuses:
    @every_format
    def test_one_changed_bit_anywhere(self, fmt: gm.Sm2Format) -> None:
        data = as_bytes(gm.sm2_encrypt(PUBLIC_KEY, b"5", fmt), fmt)
        for position in range(0, len(data), 7):
            changed = bytearray(data)
            changed[position] ^= 0x01
            with pytest.raises(gm.GmError):
                gm.sm2_decrypt(PRIVATE_KEY, as_text(bytes(changed), fmt), fmt)

    @every_format
    def test_a_ciphertext_cut_short_or_gone_on(self, fmt: gm.Sm2Format) -> None:
        data = as_bytes(gm.sm2_encrypt(PUBLIC_KEY, b"5", fmt), fmt)
        for other in (b"", data[:1], data[:64], data[:-1], data + b"\0"):
            with pytest.raises(gm.GmError):
                gm.sm2_decrypt(PRIVATE_KEY, as_text(other, fmt), fmt)

    @settings(max_examples=60)
    @given(
        text=st.text(max_size=300) | st.binary(max_size=200).map(bytes.hex),
        fmt=st.sampled_from(RAW_FORMATS + ASN1_FORMATS),
    )
    def test_nonsense_with_its_one_error(self, text: str, fmt: gm.Sm2Format) -> None:
        with pytest.raises(gm.GmError):
            gm.sm2_decrypt(PRIVATE_KEY, text, fmt)

    @settings(max_examples=60)
    @given(
        position=st.integers(0, len(OPENSSL_ASN1) // 2 - 1),
        inserted=st.binary(max_size=6),
        removed=st.integers(1, 6),
    )
    def test_broken_asn1_with_its_one_error(self, position: int, inserted: bytes, removed: int) -> None:
        data = bytes.fromhex(OPENSSL_ASN1)
        broken = data[:position] + inserted + data[position + removed :]
        if broken != data:
            with pytest.raises(gm.GmError):
                gm.sm2_decrypt(PRIVATE_KEY, broken.hex(), ASN1)

    def test_another_private_key(self) -> None:
        with pytest.raises(gm.GmError, match="C3 does not fit"):
            gm.sm2_decrypt(gm.sm2_generate_keypair().private_key, gm.sm2_encrypt(PUBLIC_KEY, b"5"))

    def test_the_other_order(self) -> None:
        text = gm.sm2_encrypt(PUBLIC_KEY, b"5", gm.Sm2Format(order=gm.Sm2Order.C1C2C3))
        with pytest.raises(gm.GmError, match="another order"):
            gm.sm2_decrypt(PRIVATE_KEY, text)

    def test_a_missing_04_by_name(self) -> None:
        with pytest.raises(gm.GmError, match="byte 00; 04 is set"):
            gm.sm2_decrypt(PRIVATE_KEY, "00" * 100)

    def test_a_point_off_the_curve(self) -> None:
        beyond_the_field = f"{2**256 - 1:064x}"
        for point in (C1[:-1] + "1", "00" * 64, C1[:64] + beyond_the_field):
            with pytest.raises(gm.GmError, match="C1 is no point of the SM2 curve"):
                gm.sm2_decrypt(PRIVATE_KEY, "04" + point + C3 + C2)
            with pytest.raises(gm.GmError, match="public key is no point of the SM2 curve"):
                gm.sm2_encrypt("04" + point, b"5")

    @pytest.mark.parametrize("key", ["", "zz" * 64, PUBLIC_KEY[:-4], "03" + PUBLIC_KEY[2:], "键" * 128])
    def test_public_keys_of_another_form(self, key: str) -> None:
        with pytest.raises(gm.GmError, match="128 hex digits"):
            gm.sm2_encrypt(key, b"5")

    @pytest.mark.parametrize("key", ["", "00" * 32, "ff" * 32, PRIVATE_KEY[:-2], PRIVATE_KEY[:-1] + "g"])
    def test_private_keys_of_another_form_without_showing_them(self, key: str) -> None:
        with pytest.raises(gm.GmError, match="64 hex digits") as refusal:
            gm.sm2_decrypt(key, gm.sm2_encrypt(PUBLIC_KEY, b"5"))
        assert not key or key not in str(refusal.value)

    def test_nothing_to_encrypt(self) -> None:
        with pytest.raises(gm.GmError, match="nothing to encrypt"):
            gm.sm2_encrypt(PUBLIC_KEY, b"")

    def test_asn1_in_an_order_it_cannot_have(self) -> None:
        with pytest.raises(gm.GmError, match="C1C3C2 only"):
            gm.Sm2Format(order=gm.Sm2Order.C1C2C3, container=gm.Sm2Container.ASN1)
