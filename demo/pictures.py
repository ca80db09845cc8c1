"""What photos of the demo's work might look like: drawn here, so that nobody is in them."""

from collections.abc import Callable
from io import BytesIO
from uuid import UUID

from obstore.store import ObjectStore
from PIL import Image, ImageDraw

from tracker import attachments
from tracker.evidence import KeptFile


def keep_pictures(store: ObjectStore, school_id: UUID) -> dict[str, KeptFile]:
    """Draw each picture once and keep it; returns the files by name."""
    return {name: _kept(store, school_id, name, draw) for name, draw in PICTURES.items()}


def _kept(
    store: ObjectStore, school_id: UUID, name: str, draw: Callable[[ImageDraw.ImageDraw], None]
) -> KeptFile:
    image = Image.new("RGB", (960, 640), "#e3edeb")
    draw(ImageDraw.Draw(image))
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    content = attachments.examine(out.getvalue())
    return KeptFile(
        name=f"{name}.jpg",
        media_type=content.media_type,
        size=content.size,
        digest=attachments.keep(store, school_id, content.body),
        thumbnail_digest=attachments.keep(store, school_id, content.thumbnail or b""),
    )


def _medicine_box(draw: ImageDraw.ImageDraw) -> None:
    """Draw a week's medicine box: seven lids with pills."""
    draw.rounded_rectangle((110, 170, 850, 470), 28, fill="#ffffff", outline="#0a5566", width=8)
    for day in range(7):
        left = 140 + day * 100
        draw.rounded_rectangle((left, 200, left + 84, 440), 14, fill="#b4d9de")
        for row in range(3):
            if (day + row) % 3:
                top = 226 + row * 70
                draw.ellipse((left + 26, top, left + 58, top + 32), fill="#8e2a5c")


def _planning(draw: ImageDraw.ImageDraw) -> None:
    """Draw a planning on the wall: a row for each colleague, blocks of time, breakfast in two."""
    draw.rounded_rectangle((90, 80, 870, 560), 20, fill="#ffffff", outline="#43585e", width=6)
    for hour in range(1, 7):
        draw.line((150 + hour * 110, 110, 150 + hour * 110, 530), fill="#d2dedb", width=4)
    blocks = [
        (0, 0, 2),
        (0, 2, 1),
        (0, 4, 2),
        (1, 0, 1),
        (1, 1, 2),
        (1, 3, 2),
        (2, 1, 1),
        (2, 3, 3),
    ]
    for row, first, long in blocks:
        is_breakfast = (row, first) in {(0, 2), (1, 3)}
        left, top = 158 + first * 110, 135 + row * 135
        right = left + long * 110 - 16
        draw.rounded_rectangle(
            (left, top, right, top + 95), 12, fill="#ffcb3d" if is_breakfast else "#b4d9de"
        )


PICTURES: dict[str, Callable[[ImageDraw.ImageDraw], None]] = {
    "weekdoos": _medicine_box,
    "planning": _planning,
}
