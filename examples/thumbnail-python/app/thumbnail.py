"""From a picture to a small one, in whole numbers, so that every pixel is the same on
every machine, and the same as that of the example in Go."""
import io
from itertools import accumulate

from PIL import Image

# The longer side of a thumbnail, in pixels.
MAX_SIDE = 128
# The most pixels that are decoded: a small file may hold a huge picture.
MAX_PIXELS = 50 << 20


class NotAPicture(Exception):
    """The bytes are no picture that can be made smaller."""


def shrink(content: bytes) -> bytes:
    """Returns a picture in the same format that is at most MAX_SIDE wide and high. One
    that is small enough is returned as it is."""
    try:
        picture = Image.open(io.BytesIO(content))
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise NotAPicture(f"it has {width} × {height} pixels")
        size = fit(width, height)
        if size == (width, height):
            return content
        kind = "JPEG" if picture.format == "JPEG" else "PNG"
        picture = scale(picture, size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(str(error)) from error
    out = io.BytesIO()
    if kind == "JPEG":
        picture.convert("RGB").save(out, kind, quality=90)
    else:
        picture.save(out, kind)
    return out.getvalue()


def fit(width: int, height: int) -> tuple[int, int]:
    """The size of the thumbnail, with the picture's proportions."""
    longer = max(width, height)
    if longer <= MAX_SIDE:
        return width, height
    return tuple(max(1, (n * MAX_SIDE + longer // 2) // longer) for n in (width, height))


def scale(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Makes a picture smaller: each new pixel is the mean of the area that it covers.
    What is clear has no colour to mix in."""
    wide, high = size
    picture = picture.convert("RGBA")
    width, height = picture.size
    opaque = picture.getextrema()[3] == (255, 255)
    data = picture.tobytes()
    columns = []  # of each row: the sums of the areas that its new pixels cover
    for y in range(height):
        row = data[y * width * 4:(y + 1) * width * 4]
        if not opaque:
            row = mixed(row)
        channels = [covered(row[c::4], wide) for c in range(4)]
        columns.append([v for pixel in zip(*channels) for v in pixel])
    sums = [covered(column, high) for column in zip(*columns)]
    area = width * height
    out = bytes((v + area // 2) // area for row in zip(*sums) for v in row)
    return Image.frombytes("RGBA", size, out if opaque else separate(out))


def covered(values, n: int) -> list[int]:
    """The sums of n equal parts of the values. Every value counts n times, so that the
    parts of one that two parts share are whole numbers."""
    total = [0, *accumulate(values)]
    old = len(total) - 1

    def before(end: int) -> int:
        at, part = divmod(end, n)
        return total[at] * n + (values[at] * part if part else 0)

    edges = [before(i * old) for i in range(n + 1)]
    return [b - a for a, b in zip(edges, edges[1:])]


def mixed(row: bytes) -> bytes:
    """Colours as they are mixed: times their opacity."""
    out = bytearray(row)
    for i in range(0, len(out), 4):
        a = out[i + 3]
        for c in range(i, i + 3):
            out[c] = (out[c] * 257 * a * 257 // 65535) >> 8
    return bytes(out)


def separate(row: bytes) -> bytes:
    """The other way round."""
    out = bytearray(row)
    for i in range(0, len(out), 4):
        a = out[i + 3] * 257
        for c in range(i, i + 3):
            out[c] = (out[c] * 257 * 65535 // a) >> 8 if a else 0
    return bytes(out)
