import pytest

from bot.detect.text.values.check_digits import VALIDATORS, compact, entropy, luhn


@pytest.mark.parametrize(
    ("validator", "value", "valid"),
    [
        ("resident-id", "11010519491231002X", True),
        ("resident-id", "110105 19491231 002x", True),
        ("resident-id", "110105194912310021", False),
        ("resident-id", "11010519490231002X", False),
        ("resident-id", "810000199408230021", True),
        ("resident-id", "990105194912310021", False),
        ("resident-id-wrong-check", "110105194912310021", True),
        ("resident-id-wrong-check", "11010519491231002X", False),
        ("resident-id-read", "11O105194912310O2X", True),
        ("resident-id-read", "11010519491231002X", False),
        ("resident-id-15", "110105491231002", True),
        ("resident-id-15", "110105491331002", False),
        ("bank-card", "6222021234567890128", True),
        ("bank-card", "6222021234567890129", False),
        ("bank-card", "4111 1111 1111 1111", True),
        ("bank-card", "1234567890123452", False),
        ("credit-code", "91350100M000100Y43", True),
        ("credit-code", "91350100M000100Y44", False),
        ("hong-kong-id", "A123456(3)", True),
        ("hong-kong-id", "A123456(4)", False),
        ("taiwan-id", "A123456789", True),
        ("taiwan-id", "A123456788", False),
        ("iban", "GB82 WEST 1234 5698 7654 32", True),
        ("iban", "GB82 WEST 1234 5698 7654 33", False),
        ("json-web-token", "eyJhbGciOiJub25lIn0.e30.", True),
        ("json-web-token", "eyeball.e30.x", False),
        ("real-password", "Qx7#mm29", True),
        ("real-password", "2026-05-01", False),
        ("real-password", "letters", False),
    ],
)
def test_validator(validator: str, value: str, valid: bool) -> None:
    assert VALIDATORS[validator](value) is valid


@pytest.mark.parametrize("name", sorted(VALIDATORS))
@pytest.mark.parametrize("value", ["", "x", "()", "00000000000000000X", "机密", "９" * 18, "-" * 9])
def test_no_validator_raises(name: str, value: str) -> None:
    assert VALIDATORS[name](value) in (True, False)


def test_helpers() -> None:
    assert compact(" 12-3 x") == "123X"
    assert luhn("79927398713")
    assert not luhn("")
    assert entropy("aabb") == 1.0
    assert entropy("") == 0.0
