"""Whether two results are the same: Python's own equality, with what that leaves out."""

import math

# What C compares as a whole, if it is equal: what lies within is looked at only where it is not.
QUICK = (list, tuple, dict, set, frozenset, str, bytes, bytearray, int)


def same(one, other, tolerance=0.0):
    """Whether two results are equal: numbers within a relative tolerance, NaN like NaN, containers by what they hold, arrays by
    value, and objects without an equality of their own by type and state."""
    if one is other or (isinstance(one, QUICK) and type(one) is type(other) and equal(one, other)):
        return True
    if isinstance(one, float) and isinstance(other, float):
        return near(one, other, tolerance)
    if type(one) is not type(other):
        return tolerance > 0 and is_number(one) and is_number(other) and near(one, other, tolerance) or equal(one, other)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b, tolerance) for a, b in zip(one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key], tolerance) for key, value in one.items())
    if hasattr(one, "__array__") and hasattr(one, "dtype") and hasattr(one, "shape"):
        return same_arrays(one, other, tolerance)
    if isinstance(one, complex):
        return near(one.real, other.real, tolerance) and near(one.imag, other.imag, tolerance)
    if type(one).__eq__ is object.__eq__:
        return same_states(one, other, tolerance)
    return equal(one, other)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def near(one, other, tolerance):
    if one == other or (one != one and other != other):
        return True
    return tolerance > 0 and math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * 1e-6)


def equal(one, other):
    try:
        return bool(one == other)
    except Exception:
        return False


def same_arrays(one, other, tolerance):
    """Arrays as numpy has them, of the same shape and type."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.hasobject:
        return same(one.tolist(), other.tolist(), tolerance)
    if tolerance > 0 and one.dtype.kind in "fc":
        import numpy

        return bool(numpy.allclose(one, other, rtol=tolerance, atol=tolerance * 1e-6, equal_nan=True))
    # NaN differs from itself, and nothing else does.
    return bool(((one == other) | ((one != one) & (other != other))).all())


def same_states(one, other, tolerance):
    """Objects that know of no equality: by what a copy would be made from."""
    try:
        first, second = one.__reduce_ex__(2), other.__reduce_ex__(2)
    except Exception:
        # Such as locks and open files: there is nothing that they could be compared by.
        return True
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    # Iterators of items come after the state, and are consumed here.
    first, second = (reduced[:3] + tuple(part and list(part) for part in reduced[3:5]) for reduced in (first, second))
    return first[0] == second[0] and same(list(first[1:]), list(second[1:]), tolerance)


def shown(value, most=80):
    """A result in a few words."""
    try:
        text = repr(value)
    except Exception as error:
        text = "a %s that cannot be shown (%s)" % (type(value).__name__, type(error).__name__)
    return text if len(text) <= most else text[: most - 1] + "…"


def difference(one, other, tolerance=0.0, place=""):
    """Where two results differ first, in words; the whole of both where they are no containers."""
    if type(one) is type(other):
        if isinstance(one, (list, tuple)) and len(one) == len(other):
            for index, (a, b) in enumerate(zip(one, other)):
                if not same(a, b, tolerance):
                    return difference(a, b, tolerance, "%s[%d]" % (place, index))
        if isinstance(one, dict) and one.keys() == other.keys():
            for key, a in one.items():
                if not same(a, other[key], tolerance):
                    return difference(a, other[key], tolerance, "%s[%s]" % (place, shown(key, 30)))
    at = "at %s " % place if place else ""
    return "%s%s and %s" % (at, shown(one), shown(other))
