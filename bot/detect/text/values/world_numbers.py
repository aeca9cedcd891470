"""Check digits of identity numbers outside mainland China.

python-stdnum knows most of them. Own checks are those that it lacks (Singapore, national insurance,
passport zone) or judges otherwise than needed here; each says why. Figures: docs/decisions/0033.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum.au import tfn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import nif
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.jp import in_ as my_number
from stdnum.nl import bsn
from stdnum.pl import pesel


def _plain(value: str) -> str:
    return re.sub(r"[\s.\-/()]", "", value).upper()


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def _is_valid(check: Callable[[str], bool], value: str) -> bool:
    number = _plain(value)
    # Repeated digits pass some schemes by arithmetic, and stand in forms as a blank.
    return len(set(number)) > 1 and check(number)


def us_social_security(value: str) -> bool:
    """Check the ranges of a United States social security number; it has no check digit."""
    # stdnum accepts 123-45-6789, which forms show as a sample.
    number = _plain(value)
    if not re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", number):
        return False
    samples = ("078051120", "219099999", "457555462", "123456789")
    return number not in samples and len(set(number)) > 1


def uk_national_insurance(value: str) -> bool:
    """Check the letters of a United Kingdom national insurance number."""
    return bool(
        re.fullmatch(
            r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", _plain(value)
        )
    )


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


def canadian_sin(value: str) -> bool:
    """Check a Canadian social insurance number (Luhn)."""
    # stdnum refuses a leading 0, with which the tax agency's own numbers and samples begin.
    number = _plain(value)
    if not re.fullmatch(r"[0-79]\d{8}", number) or len(set(number)) == 1:
        return False
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(number)]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def korean_resident(value: str) -> bool:
    """Check a Korean resident registration number (mod 11; not used since October 2020)."""
    number = _plain(value)
    if not re.fullmatch(r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}", number):
        return False
    # Those given out since October 2020 have no check digit; stdnum refuses most of them.
    if int(number[:2]) >= 20 and number[6] in "3478":
        return True
    total = _weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))
    return (11 - total % 11) % 10 == int(number[12])


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


def uk_health(value: str) -> bool:
    """Check a United Kingdom health service number."""
    return _is_valid(nhs.is_valid, value)


def indian_aadhaar(value: str) -> bool:
    """Check an Aadhaar number."""
    return _is_valid(aadhaar.is_valid, value)


def brazilian_cpf(value: str) -> bool:
    """Check a Brazilian CPF."""
    return _is_valid(cpf.is_valid, value)


def spanish_id(value: str) -> bool:
    """Check a Spanish DNI or NIE."""
    return _is_valid(nif.is_valid, value)


def australian_tax(value: str) -> bool:
    """Check an Australian tax file number."""
    return _is_valid(tfn.is_valid, value)


def italian_code(value: str) -> bool:
    """Check an Italian codice fiscale."""
    return _is_valid(codicefiscale.is_valid, value)


def japanese_my_number(value: str) -> bool:
    """Check a Japanese individual number."""
    return _is_valid(my_number.is_valid, value)


def german_tax(value: str) -> bool:
    """Check a German tax identification number."""
    return _is_valid(idnr.is_valid, value)


def french_insee(value: str) -> bool:
    """Check a French social security number."""
    return _is_valid(nir.is_valid, value)


def dutch_bsn(value: str) -> bool:
    """Check a Dutch citizen service number."""
    return _is_valid(bsn.is_valid, value)


def polish_pesel(value: str) -> bool:
    """Check a Polish PESEL."""
    return _is_valid(pesel.is_valid, value)


CHECKS = (
    us_social_security, uk_national_insurance, uk_health, singapore, indian_aadhaar, brazilian_cpf,
    spanish_id, canadian_sin, australian_tax, italian_code, korean_resident, japanese_my_number,
    german_tax, french_insee, dutch_bsn, polish_pesel, passport_zone,
)  # fmt: skip
