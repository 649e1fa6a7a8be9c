"""Tell from its first bytes what a file really is, for messages to whoever named the wrong one."""

from __future__ import annotations

import codecs

__all__ = ["ENOUGH", "describe", "looks_like_onnx"]

# As many bytes as `describe` looks at.
ENOUGH = 512

_SIGNATURES = (
    (b"PK\x03\x04", "a zip file (perhaps a PyTorch .pt, a Keras .keras or a NumPy .npz)"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (perhaps a Keras .h5)"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"GGUF", "a GGUF model"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"version https://git-lfs", "a Git LFS pointer (fetch the real file with 'git lfs pull')"),
    (b"\xff\xfe", "a UTF-16 text file"),
    (b"\xfe\xff", "a UTF-16 text file"),
)


def describe(first: bytes) -> str | None:
    """Return what a file beginning with the bytes `first` is, or None if nothing is recognised."""
    if not first:
        return "an empty file"
    for signature, name in _SIGNATURES:
        if first.startswith(signature):
            return name
    if first[0] == 0x80 and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a Python pickle (perhaps of scikit-learn or old PyTorch)"
    if looks_like_onnx(first):
        return "perhaps an ONNX model"
    return _describe_text(first[:ENOUGH])


def looks_like_onnx(first: bytes) -> bool:
    """Whether a file begins as ONNX models do: with a small version number, then another field of the model."""
    if first[4:9] == b"\x00\x00\x00\x00{":  # safetensors, whose length of the header may begin with any byte
        return False
    return first[:1] == b"\x08" and b"\x00" < first[1:2] < b"\x20" and first[2:3] in b"\x12\x1a\x22\x28\x32\x3a\x42"


def _describe_text(first: bytes) -> str | None:
    if any(byte < 0x20 and byte not in b"\t\n\f\r" for byte in first):
        return None
    try:
        # An incremental decoder lets the last character be cut in two.
        codecs.getincrementaldecoder("utf-8")().decode(first)
    except UnicodeDecodeError:
        return None
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page (perhaps a download that ended on a web page)"
    if start.startswith(b"<"):
        return "an XML or HTML file"
    return "a JSON file" if start.startswith((b"{", b"[")) else "a text file"
