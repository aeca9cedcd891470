"""Check digits of identity numbers outside mainland China.

Sources: the issuing authorities' published algorithms; each function names its scheme.
"""

from __future__ import annotations

import re

_SPANISH = "TRWAGMYFPDXBNJZSQVHLCKE"
_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_ITALIAN_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
         2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip


def _plain(value: str) -> str:
    return re.sub(r"[\s.\-/()]", "", value).upper()


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def us_social_security(value: str) -> bool:
    """Check the ranges of a United States social security number; it has no check digit."""
    number = _plain(value)
    if not re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", number):
        return False
    return number not in ("078051120", "219099999", "123456789") and len(set(number)) > 1


def uk_national_insurance(value: str) -> bool:
    """Check the letters of a United Kingdom national insurance number."""
    return bool(
        re.fullmatch(
            r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", _plain(value)
        )
    )


def uk_health(value: str) -> bool:
    """Check a United Kingdom health service number (mod 11)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{10}", number) or len(set(number)) == 1:
        return False
    return (11 - _weighted(number, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11) % 11 == int(number[9])


def singapore(value: str) -> bool:
    """Check a Singapore NRIC or FIN (weights 2 7 6 5 4 3 2, a letter by series)."""
    number = _plain(value)
    if not re.fullmatch(r"[STFGM]\d{7}[A-Z]", number):
        return False
    total = _weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2))
    if number[0] in "TG":
        total += 4
    if number[0] == "M":
        return "KLJNPQRTUWX"[10 - (total + 3) % 11] == number[8]
    return ("JZIHGFEDCBA" if number[0] in "ST" else "XWUTRQPNMLK")[total % 11] == number[8]


def indian_aadhaar(value: str) -> bool:
    """Check an Aadhaar number (Verhoeff)."""
    number = _plain(value)
    if not re.fullmatch(r"[2-9]\d{11}", number):
        return False
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[place % 8][int(digit)])])
    return check == 0


def brazilian_cpf(value: str) -> bool:
    """Check a Brazilian CPF (two digits mod 11)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{11}", number) or len(set(number)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(d) * (length + 1 - i) for i, d in enumerate(number[:length]))
        if total * 10 % 11 % 10 != int(number[length]):
            return False
    return True


def spanish_id(value: str) -> bool:
    """Check a Spanish DNI or NIE (letter by mod 23)."""
    number = _plain(value)
    if not re.fullmatch(r"[\dXYZ]\d{7}[A-Z]", number):
        return False
    digits = number[:8].translate(str.maketrans("XYZ", "012"))
    return _SPANISH[int(digits) % 23] == number[8]


def canadian_sin(value: str) -> bool:
    """Check a Canadian social insurance number (Luhn)."""
    number = _plain(value)
    if not re.fullmatch(r"[0-79]\d{8}", number) or len(set(number)) == 1:
        return False
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(number)]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def australian_tax(value: str) -> bool:
    """Check an Australian tax file number (mod 11)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{9}", number) or len(set(number)) == 1:
        return False
    return _weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def italian_code(value: str) -> bool:
    """Check an Italian codice fiscale (letter by mod 26)."""
    code = _plain(value)
    if not re.fullmatch(r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]", code):
        return False
    total = 0
    for place, char in enumerate(code[:15]):
        even = int(char) if char.isdigit() else ord(char) - 65
        total += even if place % 2 else _ITALIAN_ODD[char]
    return chr(65 + total % 26) == code[15]


def korean_resident(value: str) -> bool:
    """Check a Korean resident registration number (mod 11; not used since October 2020)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}", number):
        return False
    if int(number[:2]) >= 20 and number[6] in "3478":
        return True
    total = _weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))
    return (11 - total % 11) % 10 == int(number[12])


def japanese_my_number(value: str) -> bool:
    """Check a Japanese individual number (mod 11)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{12}", number):
        return False
    rest = _weighted(number, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest <= 1 else 11 - rest) == int(number[11])


def german_tax(value: str) -> bool:
    """Check a German tax identification number (ISO 7064 mod 11,10)."""
    number = _plain(value)
    if not re.fullmatch(r"[1-9]\d{10}", number):
        return False
    product = 10
    for digit in number[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(number[10])


def french_insee(value: str) -> bool:
    """Check a French social security number (mod 97)."""
    number = _plain(value)
    if not re.fullmatch(r"[12]\d{4}(?:\d{2}|2[AB])\d{8}", number):
        return False
    digits = number[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(digits) % 97 == int(number[13:])


def dutch_bsn(value: str) -> bool:
    """Check a Dutch citizen service number (the 11-test)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{9}", number) or len(set(number)) == 1:
        return False
    return _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def polish_pesel(value: str) -> bool:
    """Check a Polish PESEL (mod 10)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{11}", number) or len(set(number)) == 1:
        return False
    return _weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def passport_zone(value: str) -> bool:
    """Check the second machine-readable line of a passport (ICAO 9303, weights 7 3 1)."""
    line = re.sub(r"\s", "", value).upper()
    if not re.fullmatch(r"[A-Z0-9<]{9}\d[A-Z<]{3}\d{7}[MFX<]\d{7}[A-Z0-9<]{14}[\d<]\d", line):
        return False
    fields = ((line[:9], line[9]), (line[13:19], line[19]), (line[21:27], line[27]))
    return all(_zone_check(text) == int(check) for text, check in fields)


def _zone_check(text: str) -> int:
    values = [0 if c == "<" else int(c, 36) for c in text]
    return sum(v * (7, 3, 1)[i % 3] for i, v in enumerate(values)) % 10


CHECKS = (
    us_social_security, uk_national_insurance, uk_health, singapore, indian_aadhaar, brazilian_cpf,
    spanish_id, canadian_sin, australian_tax, italian_code, korean_resident, japanese_my_number,
    german_tax, french_insee, dutch_bsn, polish_pesel, passport_zone,
)  # fmt: skip
