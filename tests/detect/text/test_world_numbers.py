import pytest

from bot.detect.text.values.check_digits import VALIDATORS

VALUES = [
    ("us-social-security", "536-22-8471", "666-22-8471"),
    ("uk-national-insurance", "AB123456C", "BG123456C"),
    ("uk-health", "943 476 5919", "943 476 5918"),
    ("singapore", "S1234567D", "S1234567A"),
    ("singapore", "G1234567X", "G1234567A"),
    ("indian-aadhaar", "2341 2341 2346", "2341 2341 2345"),
    ("brazilian-cpf", "529.982.247-25", "529.982.247-24"),
    ("spanish-id", "12345678Z", "12345678A"),
    ("spanish-id", "X1234567L", "X1234567A"),
    ("canadian-sin", "046 454 286", "046 454 287"),
    ("australian-tax", "123 456 782", "123 456 789"),
    ("italian-code", "RSSMRA85T10A562S", "RSSMRA85T10A562T"),
    ("korean-resident", "900101-1234568", "900101-1234567"),
    ("japanese-my-number", "123456789018", "123456789012"),
    ("german-tax", "86095742719", "86095742718"),
    ("french-insee", "255081416802538", "255081416802539"),
    ("dutch-bsn", "111222333", "111222334"),
    ("polish-pesel", "44051401359", "44051401358"),
    (
        "passport-zone",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        "L898902C37UTO7408122F1204159ZE184226B<<<<<10",
    ),
    ("iban-length", "DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 01"),
    ("imei", "49-015420-323751-8", "490154203237519"),
    ("basic-credentials", "c3ZjLW9hOktkODIjbW1RcDE=", "dXNlcjpwYXNzd29yZA=="),
    ("strong-password", "Toor#2026", "toor2026"),
    ("real-password", "Aa123456!", "123456"),
    ("random-looking", "k3Jd82hHs0QpLz71mNx4RtYw", "get_token_from_environment1"),
]


@pytest.mark.parametrize(("check", "good", "bad"), VALUES, ids=[f"{v[0]} {v[1]}" for v in VALUES])
def test_checks(check: str, good: str, bad: str) -> None:
    assert VALIDATORS[check](good)
    assert not VALIDATORS[check](bad)
    assert not VALIDATORS[check]("")
