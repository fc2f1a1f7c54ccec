"""Bytes that are deflated, numbers and words that are sorted, documents that are changed."""

import json
import struct
import zlib

from ..checksums import checksum


def compress(order, constants):
    """Bytes that are deflated and inflated, each in one call, around which the lock is let go."""
    rest, level = constants[0], order.settings["level"]

    def run(request):
        whole = request + rest
        packed = zlib.compress(whole, level)
        return request + checksum(zlib.decompress(packed, bufsize=len(whole))).to_bytes(8, "little")

    return run


def sort(order, constants):
    """Numbers, or words, in their order. Sorting is one call, which holds the lock."""
    if order.settings["of"] == "words":
        letters, words = bytes(range(ord("a"), ord("z") + 1)), constants[0]

        def run(request):
            shift = int.from_bytes(request, "little") % len(letters)
            moved = words.translate(bytes.maketrans(letters, letters[shift:] + letters[:shift]))
            lines = moved.split(b"\n")
            # Nothing comes after the last line source, and so it comes first.
            lines.sort()
            return checksum(b"\n".join(lines[1:] + lines[:1])).to_bytes(8, "little")

        return run
    form = "<%dQ" % (len(constants[0]) // 8)
    numbers = struct.unpack(form, constants[0])

    def run(request):
        key = int.from_bytes(request, "little")
        return checksum(struct.pack(form, *sorted([number ^ key for number in numbers]))).to_bytes(8, "little")

    return run


def documents(order, constants):
    """A document that is parsed, changed, and written again. Parsing and writing are one call each, which holds the lock."""

    def run(request):
        item, document = int.from_bytes(request[:8], "little"), json.loads(request[8:])
        total = 0
        for record in document["records"]:
            record["balance"] += item
            record["visits"] += 1
            total += record["balance"]
            if (record["id"] + item) % 2 == 0:
                record["active"] = not record["active"]
                record["marks"].append(item)
        document["total"] = total
        return json.dumps(document, separators=(",", ":")).encode()

    return run
