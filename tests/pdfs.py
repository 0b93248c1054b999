"""A small writer of PDF files for tests: text at given places, in any script, and files that are broken on purpose."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: its left edge and baseline in points from the lower left corner, and the size of its font."""

    text: str
    x: float = 72
    y: float = 720
    size: float = 11


@dataclass(slots=True)
class PdfFile:
    """Objects of a file by number, with the catalog as number 1. ``write`` gives its bytes."""

    objects: dict[int, bytes] = field(default_factory=dict)
    trailer: str = ""

    def add(self, body: bytes | str) -> int:
        number = max(self.objects, default=2) + 1
        self.objects[number] = body.encode("latin-1") if isinstance(body, str) else body
        return number

    def add_stream(self, content: bytes, entries: str = "", *, compressed: bool = False) -> int:
        if compressed:
            content, entries = zlib.compress(content), f"{entries} /Filter /FlateDecode"
        return self.add(f"<< /Length {len(content)} {entries} >>\nstream\n".encode() + content + b"\nendstream")

    def write(self) -> bytes:
        out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
        for number, body in sorted(self.objects.items()):
            places[number] = len(out)
            out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        start, size = len(out), max(self.objects) + 1
        out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
        for number in range(1, size):
            out += f"{places[number]:010} 00000 n \n".encode() if number in places else b"0000000000 00000 f \n"
        out += f"trailer\n<< /Size {size} /Root 1 0 R {self.trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
        return bytes(out)


def pdf(*pages: list[Line], language: str = "", **info: str) -> bytes:
    """Return a file with these pages, and with ``info`` (Title, Author, CreationDate ...) as its declared facts."""
    file = PdfFile()
    codes = {
        char: code for code, char in enumerate(sorted({c for page in pages for line in page for c in line.text}), 1)
    }
    font = _font(file, codes)
    contents = [file.add_stream(_content(page, codes)) for page in pages]
    set_pages(file, contents, f"/Font << /F {font} 0 R >>", language)
    if info:
        entries = " ".join(f"/{name} {_text(value)}" for name, value in info.items())
        file.trailer = f"/Info {file.add(f'<< {entries} >>')} 0 R"
    return file.write()


def scanned(pages: int = 1) -> bytes:
    """Return a file whose pages are pictures."""
    file = PdfFile()
    picture = file.add_stream(
        bytes(64), "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    )
    contents = [file.add_stream(b"q 600 0 0 800 0 0 cm /P Do Q") for _ in range(pages)]
    set_pages(file, contents, f"/XObject << /P {picture} 0 R >>")
    return file.write()


def lines(text: str, *, x: float = 72, top: float = 720, size: float = 11, leading: float = 1.2) -> list[Line]:
    """Return the lines of ``text`` below one another."""
    return [Line(line, x, top - number * size * leading, size) for number, line in enumerate(text.split("\n")) if line]


def wrap(text: str, *, width: int = 80) -> str:
    """Return a paragraph broken into lines of at most ``width`` characters."""
    broken = [""]
    for word in text.split():
        if broken[-1] and len(broken[-1]) + 1 + len(word) > width:
            broken.append("")
        broken[-1] += (" " if broken[-1] else "") + word
    return "\n".join(broken)


def set_pages(file: PdfFile, contents: list[int], resources: str, language: str = "") -> None:
    """Add a page for each stream of contents, and the catalog."""
    tree = max(file.objects) + len(contents) + 1
    kids = [
        file.add(
            f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 612 792] /Contents {content} 0 R"
            f" /Resources << {resources} >> >>"
        )
        for content in contents
    ]
    names = " ".join(f"{kid} 0 R" for kid in kids)
    assert file.add(f"<< /Type /Pages /Count {len(kids)} /Kids [{names}] >>") == tree
    lang = f" /Lang ({language})" if language else ""
    file.objects[1] = f"<< /Type /Catalog /Pages {tree} 0 R{lang} >>".encode()


def _content(page: list[Line], codes: dict[str, int]) -> bytes:
    shown = []
    for line in page:
        text = "".join(f"{codes[letter]:04x}" for letter in line.text)
        shown.append(f"BT /F {line.size:g} Tf 1 0 0 1 {line.x:g} {line.y:g} Tm <{text}> Tj ET")
    return "\n".join(shown).encode()


def _font(file: PdfFile, codes: dict[str, int]) -> int:
    """Add a font in which each character is half as wide as high, or as wide as high from U+1100 on."""
    rows = "\n".join(f"<{code:04x}> <{char.encode('utf-16-be').hex()}>" for char, code in codes.items())
    mapping = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{len(codes)} beginbfchar\n{rows}\nendbfchar\n"
        "endcmap end end"
    )
    unicode = file.add_stream(mapping.encode())
    widths = " ".join(f"{code} [{1000 if ord(char) >= 0x1100 else 500}]" for char, code in codes.items())
    flags = "/Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80"
    descriptor = file.add(f"<< /Type /FontDescriptor /FontName /Test {flags} >>")
    child = file.add(
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Test /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity)"
        f" /Supplement 0 >> /FontDescriptor {descriptor} 0 R /DW 500 /W [{widths}] /CIDToGIDMap /Identity >>"
    )
    return file.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /Test /Encoding /Identity-H /DescendantFonts [{child} 0 R]"
        f" /ToUnicode {unicode} 0 R >>"
    )


def _text(value: str) -> str:
    encoded = ("\ufeff" + value).encode("utf-16-be")
    return f"<{encoded.hex()}>"
