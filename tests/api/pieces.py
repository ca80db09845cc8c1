"""Evidence as callers send it, and what the store holds of it."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image

from tests.world import World
from upkeep import ORPHAN_AFTER, drop_orphans

GPS, GPS_LATITUDE, MAKE = 0x8825, 2, 0x010F


def photo(colour: str = "teal", size: tuple[int, int] = (900, 600)) -> bytes:
    """Make a JPEG as a phone does, with its maker and where it was taken."""
    exif = Image.Exif()
    exif[MAKE] = "Telefoonmerk"
    exif.get_ifd(GPS)[GPS_LATITUDE] = (52.0, 59.0, 45.0)
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


def fields(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "text": "Ik hielp met de tillift.",
        "happened_on": world.on.isoformat(),
        "has_people": False,
        **changes,
    }


def form(world: World, **changes: Any) -> dict[str, Any]:
    return {**fields(world), "has_people": "false", **changes}


def kept(app: Flask) -> list[Path]:
    """Return the files in the store."""
    folder = Path(app.extensions["settings"].evidence_url.removeprefix("file://"))
    return [file for file in folder.rglob("*") if file.is_file()]


def sweep(app: Flask) -> None:
    """Let a day pass for what the store holds, and drop what no row names."""
    for file in kept(app):
        then = file.stat().st_mtime - ORPHAN_AFTER.total_seconds() - 1
        os.utime(file, (then, then))
    with app.app_context():
        drop_orphans()
