"""Put a candidate's packs and policies in the place of those in force."""

from __future__ import annotations

import shutil
from pathlib import Path

PACKS, POLICIES = "packs", "policies.toml"


def publish(candidate: Path, folder: Path) -> None:
    """Copy ``packs`` and ``policies.toml`` of one folder into another.

    Everything is copied beside its place before anything is replaced, so that a full disk or a
    lost file leaves the former policy in force. A running bot reads it within seconds.
    """
    new_packs, new_policies = folder / f"{PACKS}.new", folder / f"{POLICIES}.new"
    old_packs = folder / f"{PACKS}.old"
    # A run that was killed halfway may have left these.
    for left_over in (new_packs, old_packs):
        shutil.rmtree(left_over, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(candidate / PACKS, new_packs)
    shutil.copyfile(candidate / POLICIES, new_policies)
    if (folder / PACKS).exists():
        (folder / PACKS).rename(old_packs)  # a folder that is not empty cannot be replaced
    new_packs.rename(folder / PACKS)
    new_policies.replace(folder / POLICIES)
    shutil.rmtree(old_packs, ignore_errors=True)
