"""Ten functions as people have them, and what each item is."""

import hashlib
import time


def nothing(n):
    """Computes, and returns nothing."""
    total = 0
    for i in range(60_000):
        total += i * n


def integer(n):
    """Computes, and returns an int."""
    return sum(i * n for i in range(60_000))


def numbers(n):
    """Returns 400,000 numbers."""
    return [float(i) for i in range(n, n + 400_000)]


def dicts(n):
    """Returns 10,000 dicts."""
    return [{"id": i, "name": "row %d" % i, "score": i * 0.5} for i in range(n, n + 10_000)]


def array(n):
    """Returns an array of 8 MB; a `bytearray` where there is no numpy."""
    try:
        import numpy
    except ImportError:
        return bytearray(8 << 20)
    return numpy.full(1 << 20, float(n))


def blob(n):
    """Returns 1 MiB of bytes."""
    return bytes([n % 256]) * (1 << 20)


def sleeps(n):
    """Waits."""
    time.sleep(0.005)
    return n


def hashes(n):
    """Hashes 5 MiB, for which hashlib releases the GIL."""
    return hashlib.sha256(b"x" * (5 << 20)).hexdigest()


def mix(n):
    """Computes for a while and waits for a while."""
    total = sum(i * i for i in range(20_000))
    time.sleep(0.002)
    return total + n


def heavy(n):
    """Needs modules that take long to import."""
    import decimal
    import email.mime.multipart  # noqa: F401
    import xml.dom.minidom  # noqa: F401

    return str(sum(decimal.Decimal(i) / 7 for i in range(2_000)) + n)


ALL = [nothing, integer, numbers, dicts, array, blob, sleeps, hashes, mix, heavy]
