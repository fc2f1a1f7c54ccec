"""Checksums of what items are given and give, and the mixing of numbers; golden vectors hold them to those of Rust."""

import zlib

MASK = (1 << 64) - 1


def checksum(data):
    """The CRC-32 of all bytes, in C, below their number."""
    return zlib.crc32(data) | len(data) << 32


def once_item(request):
    """The number of the only item with this request: 63 bits of its SHA-256."""
    import hashlib

    return int.from_bytes(hashlib.sha256(request).digest()[:8], "little") | 1 << 63


def item_checksum(item, request, reply):
    """The checksum of a finished item. Their sum does not depend on the order in which items finish."""
    mixed = (item * 0x9E3779B97F4A7C15 + request * 0xBF58476D1CE4E5B9 + reply * 0x94D049BB133111EB) & MASK
    return (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93 & MASK


def mix(seed, index):
    """A number that looks random, from a seed and an index: the finaliser of splitmix64 (Steele et al. 2014)."""
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31
