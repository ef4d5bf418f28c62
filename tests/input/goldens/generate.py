"""Makes the fixtures and goldens of tests/input: pictures in every form that is read, what Pillow makes of them, what
its resize gives, and scikit-image's superpixels.

size: table (of forms)

    python generate.py FOLDER_OF_PHOTOGRAPHS

The folder holds coffee.png, chelsea.png, astronaut.png and rocket.jpg of scikit-image's data. Versions and date go to
versions.json.
"""

import datetime
import json
import pathlib
import struct
import sys
import zlib

import numpy
import PIL
import scipy
import skimage
from PIL import Image, ImageOps
from skimage.segmentation import quickshift, slic

HERE = pathlib.Path(__file__).parent
FILES = HERE / "pictures"
PHOTOGRAPHS = pathlib.Path(sys.argv[1])
rng = numpy.random.default_rng(0)
photograph = Image.open(PHOTOGRAPHS / "chelsea.png").convert("RGB").resize((23, 17))


def png(name, array, depth, color, interlaced=False):
    """Forms that Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = array.shape[:2]
    starts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    passes = [array[y::dy, x::dx] for x, y, dx, dy in starts] if interlaced else [array]
    rows = b"".join(b"\0" + row.tobytes() for part in passes if part.size for row in part)
    pixels = {1: 8, 2: 4, 4: 2}.get(depth, 1) * width
    header = struct.pack(">IIBBBBB", pixels, height, depth, color, 0, 0, interlaced)
    (FILES / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def tiff(name, blocks, tags):
    """An uncompressed little-endian TIFF of strips (or tiles, when `tags` holds their size: 322 and 323)."""
    tiled = 322 in tags
    data, offsets = b"", []
    for block in blocks:
        offsets.append(8 + len(data))
        data += block + b"\0" * (len(block) % 2)
    lengths = [len(block) for block in blocks]
    tags = tags | {324 if tiled else 273: offsets, 325 if tiled else 279: lengths}
    directory, beyond = b"", b""
    at = 8 + len(data)
    for tag, values in sorted(tags.items()):
        values = values if isinstance(values, list) else [values]
        packed = struct.pack(f"<{len(values)}I", *values)
        place = at + 2 + 12 * len(tags) + 4 + len(beyond)
        directory += struct.pack("<HHI", tag, 4, len(values)) + (
            packed if len(values) == 1 else struct.pack("<I", place)
        )
        beyond += packed if len(values) > 1 else b""
    (FILES / name).write_bytes(
        b"II*\0" + struct.pack("<I", at) + data + struct.pack("<H", len(tags)) + directory + b"\0" * 4 + beyond
    )


def bmp(name, kind, data, between=b"", top_down=False):
    """7x5; `kind` is bits and compression; masks and palette stand between the header and the data."""
    (bits, compression), width, height = kind, 7, 5
    at = 54 + len(between)
    header = struct.pack(
        "<IiiHHIIiiII", 40, width, -height if top_down else height, 1, bits, compression, len(data), 0, 0, 0, 0
    )
    (FILES / name).write_bytes(b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) + header + between + data)


def write_pictures():
    FILES.mkdir(exist_ok=True)

    def save(image, name, **options):
        image.save(FILES / name, **options)

    gray, bits = photograph.convert("L"), photograph.convert("1")
    transparent = photograph.copy()
    transparent.putalpha(Image.fromarray(rng.integers(0, 256, (17, 23), dtype=numpy.uint8)))
    for kind in ("png", "bmp", "tif"):
        save(photograph, f"rgb.{kind}")
        save(gray, f"gray.{kind}")
        save(bits, f"bits.{kind}")
        save(transparent, f"rgba.{kind}")
        save(photograph.quantize(200), f"palette.{kind}")
    for colors in (2, 4, 16):
        save(photograph.quantize(colors), f"palette{colors}.png")
    save(photograph.quantize(16), "palette-transparent.png", transparency=3)
    save(photograph, "transparent-color.png", transparency=(10, 20, 30))
    save(gray.convert("LA"), "gray-alpha.png")
    save(gray.convert("LA"), "gray-alpha.tif")
    for quality, subsampling in ((90, 0), (75, 1), (75, 2)):
        save(photograph, f"subsampling{subsampling}.jpg", quality=quality, subsampling=subsampling)
    save(gray, "gray.jpg")
    save(photograph.convert("CMYK"), "cmyk.jpg")
    save(photograph.convert("CMYK"), "cmyk.tif")
    save(photograph, "progressive.jpg", progressive=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(photograph, f"orientation{orientation}.jpg", exif=exif)
        save(photograph, f"orientation{orientation}.tif", tiffinfo={0x0112: orientation})
    for kind in ("png", "webp"):
        save(
            photograph,
            f"orientation6.{kind}",
            exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
        )
    save(photograph, "lossy.webp")
    save(transparent, "lossless.webp", lossless=True)
    save(transparent, "rgba.webp")
    turned = photograph.transpose(Image.Transpose.ROTATE_180)
    for kind in ("png", "webp"):
        save(photograph, f"animated.{kind}", save_all=True, append_images=[turned, photograph], duration=100)
    save(photograph, "pages.tif", save_all=True, append_images=[turned])
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        save(photograph, f"{compression}.tif", compression=compression)
    save(bits, "group4.tif", compression="group4")
    wide = rng.integers(0, 65536, (11, 13, 4)).astype(">u2")
    png("rgb16.png", wide[..., :3], 16, 2)
    png("rgba16.png", wide, 16, 6)
    png("gray-alpha16.png", wide[..., :2], 16, 4)
    for depth in (1, 2, 4):
        png(f"gray{depth}.png", rng.integers(0, 256, (9, 3), dtype=numpy.uint8), depth, 0)
    png("interlaced.png", numpy.asarray(photograph), 8, 2, interlaced=True)
    words = rng.integers(0, 65536, (5, 8)).astype("<u2").tobytes()
    bmp("555.bmp", (16, 0), words)
    bmp("565.bmp", (16, 3), words, struct.pack("<III", 0xF800, 0x7E0, 0x1F), top_down=True)
    bmp("32.bmp", (32, 0), rng.integers(0, 2**32, (5, 7)).astype("<u4").tobytes())
    save(gray, "white-is-zero.tif", tiffinfo={262: 0})
    save(bits, "white-is-zero-bits.tif", tiffinfo={262: 0})
    pixels = numpy.asarray(photograph)
    size = {256: 23, 257: 17, 259: 1}
    padded = numpy.pad(pixels, ((0, 15), (0, 9), (0, 0)))
    tiles = [padded[y : y + 16, x : x + 16].tobytes() for y in (0, 16) for x in (0, 16)]
    tiff("tiled.tif", tiles, size | {258: [8, 8, 8], 262: 2, 277: 3, 322: 16, 323: 16})
    planes = [pixels[y : y + 6, :, c].tobytes() for c in range(3) for y in range(0, 17, 6)]
    tiff("planes.tif", planes, size | {258: [8, 8, 8], 262: 2, 277: 3, 278: 6, 284: 2})
    premultiplied = numpy.asarray(transparent)
    tiff("premultiplied.tif", [premultiplied.tobytes()], size | {258: [8] * 4, 262: 2, 277: 4, 278: 17, 338: 1})
    tiff(
        "rgb16.tif",
        [wide[..., :3].astype("<u2").tobytes()],
        {256: 13, 257: 11, 259: 1, 258: [16] * 3, 262: 2, 277: 3, 278: 11},
    )
    palette = rng.integers(0, 256, (256, 4), dtype=numpy.uint8).tobytes()
    bmp("rle8.bmp", (8, 1), b"\5\11\2\7\0\0\0\5abcde\0\2\3\0\0\0\2\2\1\4\14\0\0\7\1\0\1", palette)
    bmp("rle4.bmp", (4, 2), b"\7\x12\0\0\0\5\x34\x56\x70\0\2\x89\0\0\7\x43\0\0\7\x21\0\0\7\x65\0\1", palette[:64])
    goldens = {
        path.name: numpy.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        for path in sorted(FILES.iterdir())
    }
    # Pillow clips 16-bit gray to 255; ours are scaled, so their golden is arithmetic.
    ramp = rng.integers(0, 65536, (11, 13)).astype(numpy.uint16)
    for kind in ("png", "tif"):
        save(Image.fromarray(ramp), f"gray16.{kind}")
        goldens[f"gray16.{kind}"] = numpy.repeat((ramp >> 8).astype(numpy.uint8)[..., None], 3, 2)
    numpy.savez_compressed(HERE / "pictures.npz", **goldens)


def write_resized():
    """`source W H kernel` -> pixels; the sources too."""
    arrays = {}
    sources = {
        "rgb": numpy.asarray(photograph),
        "rgba": rng.integers(0, 256, (13, 11, 4), dtype=numpy.uint8),
        "gray": rng.integers(0, 256, (3, 40, 1), dtype=numpy.uint8),
    }
    kernels = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
    for name, pixels in sources.items():
        arrays[name] = pixels
        image = Image.fromarray(pixels.squeeze(-1) if pixels.shape[2] == 1 else pixels)
        for width, height in ((1, 1), (7, 5), (23, 9), (9, 17), (31, 6), (5, 29), (47, 35), (40, 3), (21, 13)):
            for kernel in kernels:
                resized = numpy.asarray(image.resize((width, height), Image.Resampling[kernel.upper()]))
                arrays[f"{name} {width} {height} {kernel}"] = resized.reshape(height, width, -1)
    numpy.savez_compressed(HERE / "resized.npz", **arrays)


def write_superpixels():
    """Labels on photographs resized to 224 by bilinear: lime's quickshift, scikit-image's own, slic."""
    arrays = {"normal": numpy.random.default_rng(42).normal(size=3000)}
    for name in ("coffee.png", "chelsea.png", "astronaut.png", "rocket.jpg"):
        pixels = numpy.asarray(Image.open(PHOTOGRAPHS / name).convert("RGB").resize((224, 224), Image.BILINEAR))
        arrays[f"{name} lime"] = quickshift(pixels, kernel_size=4, max_dist=200, ratio=0.2).astype(numpy.int16)
        arrays[f"{name} quickshift"] = quickshift(pixels).astype(numpy.int16)
        arrays[f"{name} slic"] = slic(pixels, start_label=0).astype(numpy.int16)
    small = numpy.asarray(photograph)
    arrays["small"] = small
    arrays["small smooth"] = quickshift(small, kernel_size=2, max_dist=6, ratio=0.5, sigma=1.3).astype(numpy.int16)
    arrays["small slic"] = slic(small, n_segments=9, sigma=0.7, compactness=5, start_label=0).astype(numpy.int16)
    numpy.savez_compressed(HERE / "superpixels.npz", **arrays)


write_pictures()
write_resized()
write_superpixels()
versions = {
    "date": str(datetime.date.today()),
    "pillow": PIL.__version__,
    "scikit-image": skimage.__version__,
    "scipy": scipy.__version__,
    "numpy": numpy.__version__,
}
(HERE / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")
