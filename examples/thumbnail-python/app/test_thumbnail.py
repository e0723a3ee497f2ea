"""Every pixel, without any service: python -m unittest in this folder."""
import io
import unittest

from PIL import Image

from thumbnail import NotAPicture, fit, scale, shrink


def picture() -> Image.Image:
    """512 × 256: each thumbnail pixel covers 4 × 4 of it, in which three rows have the
    colour of the place and one is black."""
    p = Image.new("RGBA", (512, 256), (0, 0, 0, 255))
    for y in range(256):
        if y % 4 < 3:
            for x in range(512):
                p.putpixel((x, y), (x // 4, y // 4 * 2, 200, 255))
    return p


def encoded(p: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    p.save(out, kind)
    return out.getvalue()


class Thumbnail(unittest.TestCase):
    def test_every_pixel(self):
        small = Image.open(io.BytesIO(shrink(encoded(picture()))))
        self.assertEqual((small.format, small.size), ("PNG", (128, 64)))
        small = small.convert("RGBA")
        for y in range(64):
            for x in range(128):
                want = tuple((12 * v + 8) // 16 for v in (x, y * 2, 200)) + (255,)
                self.assertEqual(small.getpixel((x, y)), want, (x, y))

    def test_parts_of_pixels_and_clear_ones(self):
        p = Image.new("RGBA", (3, 1))
        for x, colour in enumerate([(90, 0, 0, 255), (30, 0, 60, 255), (255, 255, 255, 0)]):
            p.putpixel((x, 0), colour)
        got = scale(p, (2, 1))
        self.assertEqual([got.getpixel((x, 0)) for x in range(2)], [(70, 0, 20, 255), (30, 0, 60, 85)])

    def test_other_pictures(self):
        photo = Image.open(io.BytesIO(shrink(encoded(picture().convert("RGB"), "JPEG"))))
        self.assertEqual((photo.format, photo.size), ("JPEG", (128, 64)))
        tiny = encoded(Image.new("RGBA", (128, 1)))
        self.assertEqual(shrink(tiny), tiny)
        self.assertEqual(fit(5000, 1), (128, 1))
        for bad in (b"", b"not a picture", encoded(picture())[:500]):
            with self.assertRaises(NotAPicture):
                shrink(bad)
        huge = bytearray(tiny)
        huge[16:24] = (8192).to_bytes(4, "big") * 2
        with self.assertRaises(NotAPicture):
            shrink(bytes(huge))


if __name__ == "__main__":
    unittest.main()
