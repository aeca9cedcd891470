"""The keys that seal content at rest and make keyed digests of it."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import ConfigurationError, ShoukouError

ROTATED = ("payload.key", "evidence.key")
_LENGTH = 32
_NONCE = 12
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PSEUDONYM_LETTERS = 6


class NotAuthentic(ShoukouError):
    """Sealed bytes do not open: another key, another row, or they were changed."""


class Cipher:
    """Seals bytes with AES-256-GCM: a random 96-bit nonce, then ciphertext and tag.

    ``about`` names the purpose and the row: bytes sealed for one row do not open for another.
    ``older`` keys only open what was sealed before they were replaced.
    """

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._aead, *self._older = map(AESGCM, (key, *older))

    def seal(self, plain: bytes, about: str) -> bytes:
        """Encrypt."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Decrypt; NotAuthentic when key, row or bytes differ."""
        for aead in (self._aead, *self._older):
            with contextlib.suppress(InvalidTag, ValueError):
                return aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        raise NotAuthentic(about)

    def seal_text(self, plain: str | None, about: str) -> bytes | None:
        """Encrypt a text; None stays None."""
        # JSON may hold lone surrogates, and a text that cannot be stored would be lost.
        return None if plain is None else self.seal(plain.encode("utf-8", "surrogatepass"), about)

    def open_text(self, sealed: bytes | None, about: str) -> str | None:
        """Decrypt a text; None stays None."""
        if sealed is None:
            return None
        return self.open(sealed, about).decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of an installation."""

    cipher: Cipher = field(repr=False)
    evidence: Cipher = field(repr=False)
    _digest_key: bytes = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> Keys:
        """Read the keys; create those that are missing (folder 0700, files 0600).

        Raises ConfigurationError when one cannot be read, is open to others or has a wrong length.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                "cannot create the folder of keys: {error}",
                where=str(folder),
                error=error.strerror,
            ) from None
        _require_private(folder, "chmod 700")
        payload, evidence = (
            Cipher(_load_key(path), *map(_load_key, _replaced(path)))
            for path in (folder / name for name in ROTATED)
        )
        return cls(payload, evidence, _load_key(folder / "digest.key"))

    @staticmethod
    def rotate(folder: Path) -> list[Path]:
        """Replace the keys that seal; return the new paths of the old ones.

        The old keys still open what they sealed. The key of digests stays: with another one,
        pseudonyms would change and released contents would not be recognised.
        """
        Keys.load(folder)  # reports faulty keys before anything changes
        return [_replace(folder / name) for name in ROTATED]

    def digest(self, content: str | bytes, purpose: str) -> str:
        """Return a keyed digest, HMAC-SHA256 in hex; equal contents differ between purposes."""
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        # The length keeps purpose and content apart.
        label = purpose.encode()
        message = len(label).to_bytes(4, "big") + label + content
        return hmac.digest(self._digest_key, message, sha256().name).hex()

    def pseudonym(self, user_id: int) -> str:
        """Return a person's short, lasting pseudonym: 6 characters of Crockford's base 32."""
        number = int(self.digest(str(user_id), "pseudonym")[:16], 16)
        return "".join(_CROCKFORD[number >> 5 * i & 31] for i in range(_PSEUDONYM_LETTERS))


def _load_key(path: Path) -> bytes:
    try:
        if not path.exists():
            _create_key(path)
        _require_private(path, "chmod 600")
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            "cannot read the key: {error}", where=str(path), error=error.strerror
        ) from None
    if len(key) != _LENGTH:
        raise ConfigurationError(
            "the key has {count} bytes instead of {length}",
            where=str(path),
            mend="restore it from a backup; without it what it sealed cannot be read",
            count=len(key),
            length=_LENGTH,
        )
    return key


def _replaced(path: Path) -> list[Path]:
    """Return the paths of a key's predecessors, the newest first."""
    numbered = {int(p.suffix[1:]): p for p in path.parent.glob(f"{path.name}.[1-9]*")}
    return [numbered[n] for n in sorted(numbered, reverse=True)]


def _replace(path: Path) -> Path:
    """Link a key under another name, then replace it, so that a key exists at every moment."""
    latest = next(iter(_replaced(path)), path.with_name(f"{path.name}.0"))
    old = path.with_name(f"{path.name}.{int(latest.suffix[1:]) + 1}")
    draft = _draft(path)
    os.link(path, old)
    draft.replace(path)
    _keep(path.parent)
    return old


def _create_key(path: Path) -> None:
    """Write a new key, whole or not at all, without replacing another process's key."""
    draft = _draft(path)
    try:
        os.link(draft, path)  # fails if the name exists; a rename would replace the other key
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        draft.unlink()
    _keep(path.parent)


def _draft(path: Path) -> Path:
    """Write a new key beside its place."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_LENGTH))
        file.flush()
        os.fsync(file.fileno())
    return draft


def _keep(folder: Path) -> None:
    """Sync a folder, so that new names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_private(path: Path, command: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigurationError(
            "open to other users (mode {mode})",
            where=str(path),
            mend="run: {command}",
            mode=f"{mode:03o}",
            command=f"{command} {path}",
        )
