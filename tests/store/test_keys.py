from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import commands
from bot.errors import ConfigurationError
from bot.store.keys import Cipher, Keys, NotAuthentic


def test_keys_are_made_once_and_privately(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "keys"
    first, second = Keys.load(folder), Keys.load(folder)
    assert second.cipher.open(first.cipher.seal(b"x", "row/1"), "row/1") == b"x"
    assert first.digest("x", "p") == second.digest("x", "p")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(f.name for f in folder.iterdir()) == ["digest.key", "evidence.key", "payload.key"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}
    assert {f.stat().st_size for f in folder.iterdir()} == {32}
    assert len({f.read_bytes() for f in folder.iterdir()}) == 3


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda f: (f / "payload.key").write_bytes(b"short"), "5 bytes", id="length"),
        pytest.param(lambda f: (f / "digest.key").chmod(0o644), "chmod 600", id="file open"),
        pytest.param(lambda f: f.chmod(0o755), "chmod 700", id="folder open"),
        pytest.param(
            lambda f: ((f / "payload.key").unlink(), (f / "payload.key").mkdir(0o700)),
            "cannot read",
            id="not a file",
        ),
    ],
)
def test_faulty_keys_are_reported_with_a_remedy(tmp_path: Path, spoil: object, says: str) -> None:
    folder = tmp_path / "keys"
    Keys.load(folder)
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match=says):
        Keys.load(folder)


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="folder of keys"):
        Keys.load(tmp_path / "file" / "keys")


def test_text_sealed_for_one_row_opens_for_no_other(keys: Keys) -> None:
    sealed = keys.cipher.seal("内部".encode(), "case/1")
    assert keys.cipher.open(sealed, "case/1") == "内部".encode()
    for spoiled, about in [
        (sealed, "case/2"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "case/1"),
        (b"", "case/1"),
    ]:
        with pytest.raises(NotAuthentic):
            keys.cipher.open(spoiled, about)
    with pytest.raises(NotAuthentic):
        Cipher(bytes(32)).open(sealed, "case/1")


def test_sealing_twice_differs_and_none_stays_none(keys: Keys) -> None:
    assert keys.cipher.seal(b"x", "a") != keys.cipher.seal(b"x", "a")
    assert keys.cipher.seal_text(None, "a") is None
    assert keys.cipher.open_text(None, "a") is None
    lone = "a\ud83d"  # half a surrogate pair, as broken clients send it
    assert keys.cipher.open_text(keys.cipher.seal_text(lone, "a"), "a") == lone


def test_digests_depend_on_content_purpose_and_installation(keys: Keys, tmp_path: Path) -> None:
    digest = keys.digest("x", "keyword")
    assert digest == keys.digest(b"x", "keyword")
    assert len(digest) == 64
    others = {
        keys.digest("y", "keyword"),
        keys.digest("x", "content"),
        keys.digest("dx", "keywor"),
        Keys.load(tmp_path / "other").digest("x", "keyword"),
    }
    assert len(others | {digest}) == 5


def test_pseudonyms_are_short_lasting_and_distinct(keys: Keys) -> None:
    names = [keys.pseudonym(i) for i in range(300)]
    assert names == [keys.pseudonym(i) for i in range(300)]
    assert len(set(names)) == 300
    assert {len(n) for n in names} == {6}
    assert not set("".join(names)) & set("ILOU")


def test_repr_of_keys_holds_no_key(keys: Keys, tmp_path: Path) -> None:
    raw = (tmp_path / "keys" / "digest.key").read_bytes()
    assert repr(raw) not in repr(keys)
    assert repr(keys) == "Keys()"


def test_new_keys_seal_and_old_ones_still_open(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = Keys.load(folder)
    sealed = [first.cipher.seal(b"1", "row/1")]
    hidden = first.evidence.seal(b"e", "case/1")
    for number in (1, 2):
        old = Keys.rotate(folder)
        assert [path.name for path in old] == [f"payload.key.{number}", f"evidence.key.{number}"]
        sealed.append(Keys.load(folder).cipher.seal(b"n", "row/1"))
    now = Keys.load(folder)
    assert [now.cipher.open(s, "row/1") for s in sealed] == [b"1", b"n", b"n"]
    assert now.evidence.open(hidden, "case/1") == b"e"
    assert now.digest("x", "p") == first.digest("x", "p")
    assert now.pseudonym(3001) == first.pseudonym(3001)
    with pytest.raises(NotAuthentic):
        first.cipher.open(sealed[1], "row/1")
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}
    assert len({f.read_bytes() for f in folder.iterdir()}) == len(list(folder.iterdir())) == 7


def test_without_an_old_key_only_its_own_content_is_unreadable(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    before = Keys.load(folder).cipher.seal(b"1", "row/1")
    (old, _) = Keys.rotate(folder)
    old.unlink()
    keys = Keys.load(folder)
    with pytest.raises(NotAuthentic):
        keys.cipher.open(before, "row/1")
    assert keys.cipher.open(keys.cipher.seal(b"2", "row/1"), "row/1") == b"2"


def test_rotate_keys_prints_the_paths_of_the_old_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOUKOU_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("SHOUKOU_LANGUAGE", "en")
    told = CliRunner().invoke(commands("rotate-keys"), ["rotate-keys"])
    assert told.exit_code == 0
    for name in ("payload.key.1", "evidence.key.1"):
        assert str(tmp_path / "keys" / name) in told.output
        assert (tmp_path / "keys" / name).exists()
    assert "back it up" in told.output
