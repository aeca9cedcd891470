"""Made-up values with right check digits."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable

from bot.detect.text.values.check_digits import VALIDATORS

DIGITS = string.digits
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits


def run(rng: random.Random, length: int, alphabet: str = ALNUM) -> str:
    """Return random characters."""
    return "".join(rng.choice(alphabet) for _ in range(length))


def completed(stem: str, alphabet: str, check: str) -> str:
    """Return a stem with the one last character that its check accepts, or an empty string."""
    valid = VALIDATORS[check]
    return next((stem + c for c in alphabet if valid(stem + c)), "")


def searched(make: Callable[[], str], check: str) -> str:
    """Return the first made value that its check accepts."""
    valid = VALIDATORS[check]
    return next(v for v in iter(make, None) if valid(v))


def resident_id(rng: random.Random) -> str:
    """Return a resident identity number."""
    region = rng.choice(["110105", "310115", "440304", "330106", "510107", "320505", "810000"])
    born = f"{rng.randint(1955, 2012)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    return completed(f"{region}{born}{rng.randint(0, 999):03}", "0123456789X", "resident-id")


def card(rng: random.Random) -> str:
    """Return a debit card number of 19 digits."""
    head = rng.choice(["622202", "621700", "622848", "621661", "623058"])
    return completed(head + run(rng, 12, DIGITS), DIGITS, "bank-card")


def mobile(rng: random.Random) -> str:
    """Return a mobile number."""
    head = rng.choice(["138", "139", "150", "159", "186", "177", "199", "133", "166"])
    return head + run(rng, 8, DIGITS)


def credit_code(rng: random.Random) -> str:
    """Return a unified social credit code."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    stem = "91" + rng.choice(["310115", "440300", "110108"]) + "MA" + run(rng, 7, alphabet)
    return completed(stem, alphabet, "credit-code")


def hong_kong_id(rng: random.Random) -> str:
    """Return a Hong Kong identity number."""
    stem = rng.choice("ABCDEGHKMPRVYZ") + run(rng, 6, DIGITS)
    return searched(lambda: f"{stem}({rng.choice(DIGITS + 'A')})", "hong-kong-id")


def taiwan_id(rng: random.Random) -> str:
    """Return a Taiwan identity number."""
    stem = rng.choice("ABCDEFGHJK") + rng.choice("12") + run(rng, 7, DIGITS)
    return completed(stem, DIGITS, "taiwan-id")


def iban(rng: random.Random) -> str:
    """Return a German bank account number."""
    account = run(rng, 18, DIGITS)
    return searched(lambda: f"DE{rng.randint(2, 98):02}{account}", "iban-length")


def uuid(rng: random.Random) -> str:
    """Return a UUID's form."""
    return "-".join(run(rng, n, HEX) for n in (8, 4, 4, 4, 12))


def web_token(rng: random.Random) -> str:
    """Return a JSON Web Token."""

    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head = part({"alg": "HS256", "kid": run(rng, 6)})
    return f"{head}.{part({'sub': run(rng, 9), 'exp': 1900000000})}.{run(rng, 43)}"


def private_key(rng: random.Random) -> str:
    """Return the form of a private key."""
    body = "\n".join(run(rng, 64, ALNUM + "+/") for _ in range(4))
    kind = rng.choice(["RSA ", "EC ", "OPENSSH ", ""])
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


def password(rng: random.Random) -> str:
    """Return a chosen-looking password."""
    word = rng.choice(["Oa", "Hr", "Vpn", "Zhang", "Admin", "Cw", "Xx", "Kq", "Yun", "Bj"])
    return f"{word}{rng.choice('@#!$&')}{rng.randint(1000, 99999)}{run(rng, 2, 'abcdefgh')}"
