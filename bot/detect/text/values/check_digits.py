"""Check digits and other proofs that a value is what it looks like.

`VALIDATORS` names those that rules may ask for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from bot.detect.text.values import secret_shapes, world_numbers
from bot.detect.text.values.secret_shapes import entropy as entropy

_SEPARATORS = re.compile(r"[\s\-]")
_PROVINCES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55))
).union(range(61, 66), (71, 81, 82, 83))
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def compact(value: str) -> str:
    """Return a value without blanks and hyphens, in capitals."""
    return _SEPARATORS.sub("", value).upper()


def luhn(digits: str) -> bool:
    """Check the last digit by ISO/IEC 7812-1 annex B."""
    if not digits.isascii() or not digits.isdigit():
        return False
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        born = date(year, month, day)
    except ValueError:
        return False
    return date(1880, 1, 1) <= born <= date(2100, 1, 1)


def resident_id_shape(value: str) -> bool:
    """Check region and date of birth of an 18-character resident identity number.

    A leading 9 is the foreign permanent resident's card (9, province, country code).
    """
    number = compact(value)
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    region = int(number[1:3]) if number[0] == "9" else int(number[:2])
    return region in _PROVINCES and _is_date(
        int(number[6:10]), int(number[10:12]), int(number[12:14])
    )


def resident_id(value: str) -> bool:
    """Check a resident identity number with its check character (GB 11643, ISO 7064 mod 11-2)."""
    number = compact(value)
    if not resident_id_shape(number):
        return False
    total = sum(w * int(d) for w, d in zip(_ID_WEIGHTS, number, strict=False))
    return number[17] == _ID_CHECKS[total % 11]


def resident_id_wrong_check(value: str) -> bool:
    """Return True if only the check character of a resident identity number is wrong."""
    return resident_id_shape(value) and not resident_id(value)


def resident_id_read(value: str) -> bool:
    """Check a resident identity number in which letters were read for digits."""
    number = compact(value)
    repaired = number[:17].translate(str.maketrans("OQDILBSZ", "00011852")) + number[17:]
    return repaired != number and resident_id(repaired)


def resident_id_15(value: str) -> bool:
    """Check region and date of a first-generation number; it has no check digit."""
    number = compact(value)
    if not re.fullmatch(r"\d{15}", number) or int(number[:2]) not in _PROVINCES:
        return False
    return _is_date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))


def _in_card_range(number: str) -> bool:
    head2, head4 = int(number[:2]), int(number[:4])
    length = len(number)
    if head2 in (62, 81):
        return 16 <= length <= 19
    if 51 <= head2 <= 55 or 2221 <= head4 <= 2720:
        return length == 16
    if number[0] == "4":
        return length in (13, 16, 19)
    if head2 in (34, 37):
        return length == 15
    if 3528 <= head4 <= 3589:
        return length == 16
    return head2 == 95 and length == 19


def bank_card(value: str) -> bool:
    """Check a payment card's range and Luhn digit."""
    number = compact(value)
    if not re.fullmatch(r"\d{13,19}", number) or len(set(number)) < 2:
        return False
    return _in_card_range(number) and luhn(number)


def payment_card(value: str) -> bool:
    """Check the range and Luhn digit of a card of an international scheme."""
    number = compact(value)
    if not re.fullmatch(r"\d{13,19}", number) or len(set(number)) < 2 or not luhn(number):
        return False
    if int(number[:2]) in (62, 81, 95):
        return False
    return _in_card_range(number) or _in_rarer_range(number)


def _in_rarer_range(number: str) -> bool:
    if number[:2] in ("36", "38", "39", "30"):
        return len(number) == 14
    return number.startswith(("6011", "65")) and len(number) == 16


def imei(value: str) -> bool:
    """Check the 15 digits of a mobile device's number (Luhn)."""
    number = compact(value)
    return len(number) == 15 and len(set(number)) > 1 and luhn(number)


def credit_code(value: str) -> bool:
    """Check a unified social credit code (GB 32100-2015)."""
    code = compact(value)
    if len(code) != 18 or any(c not in _CREDIT_ALPHABET for c in code):
        return False
    total = sum(_CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    return _CREDIT_ALPHABET[(31 - total % 31) % 31] == code[17]


def hong_kong_id(value: str) -> bool:
    """Check a Hong Kong identity card's number (mod 11, blank counts 36)."""
    number = re.sub(r"[()\s]", "", value).upper()
    if not re.fullmatch(r"[A-Z]{1,2}\d{6}[\dA]", number):
        return False
    padded = number.rjust(9)
    values = [36 if c == " " else int(c, 36) for c in padded]
    return sum(w * v for w, v in zip(range(9, 0, -1), values, strict=True)) % 11 == 0


def taiwan_id(value: str) -> bool:
    """Check a Taiwan identity number (letter as two digits, mod 10)."""
    number = compact(value)
    if not re.fullmatch(r"[A-Z][1289]\d{8}", number):
        return False
    letter = 10 + _TAIWAN_LETTERS.index(number[0])
    total = letter // 10 + letter % 10 * 9
    total += sum(int(d) * w for d, w in zip(number[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True))
    return total % 10 == 0


_IBAN_TABLE = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29
ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25
QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
"""
_IBAN_LENGTHS = MappingProxyType({entry[:2]: int(entry[2:]) for entry in _IBAN_TABLE.split()})
"""Lengths by country, from the registry of ISO 13616."""


def iban_length(value: str) -> bool:
    """Check an international bank account number with its country's length."""
    number = compact(value)
    return _IBAN_LENGTHS.get(number[:2]) == len(number) and iban(number)


def iban(value: str) -> bool:
    """Check an international bank account number (ISO 13616, mod 97)."""
    number = compact(value)
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", number):
        return False
    return int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 == 1


PROOFS = frozenset(
    ("resident-id", "resident-id-read", "bank-card", "credit-code", "hong-kong-id", "taiwan-id")
).union(
    ("imei", "payment-card", "iban", "iban-length", "luhn", "json-web-token"),
    (check.__name__.replace("_", "-") for check in world_numbers.CHECKS),
)
"""The checks that prove a value by its check digits or its content."""

VALIDATORS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        check.__name__.replace("_", "-"): check
        for check in (
            resident_id,
            resident_id_wrong_check,
            resident_id_read,
            resident_id_15,
            bank_card,
            payment_card,
            credit_code,
            hong_kong_id,
            taiwan_id,
            iban,
            imei,
            iban_length,
            luhn,
            *world_numbers.CHECKS,
            secret_shapes.json_web_token,
            secret_shapes.real_password,
            secret_shapes.strong_password,
            secret_shapes.mixed,
            secret_shapes.random_looking,
            secret_shapes.basic_credentials,
        )
    }
)
