"""Times of events, read faster.

The SDK tries twelve formats in turn with strptime, which costs 20 to 70 µs for
each event of a batch: more than all the rest. What is in the usual form is read
here, to the same value; all other text goes to the SDK as before.
"""

import datetime


def quicken():
    """Puts parse before the SDK's own, if that is as it was known."""
    from azure.functions import meta
    base = getattr(meta, "_BaseConverter", None)
    slow = getattr(base, "_parse_datetime", None)
    if slow is None or getattr(base, "_lazuli_quickened", False):
        return
    slow = slow.__func__

    def parse_datetime(cls, text):
        at = parse(text) if text else None
        return slow(cls, text) if at is None else at

    base._parse_datetime = classmethod(parse_datetime)
    base._lazuli_quickened = True


def parse(text):
    """2026-01-02T03:04:05[.ffffff][Z|+00:00]; None for other text."""
    if text[-1:] == "Z":
        body = text[:-1]
    elif text[-6:] == "+00:00":
        body = text[:-6]
    else:
        return None
    whole, fraction = body[:19], body[19:]
    if len(whole) != 19 or whole[10] != "T" or whole[4] != "-" or not whole.isascii():
        return None
    microsecond = 0
    if fraction:
        digits = fraction[1:]
        if fraction[0] != "." or not digits.isdigit() or not digits.isascii():
            return None
        microsecond = int(digits[:6].ljust(6, "0"))
    try:
        at = datetime.datetime.fromisoformat(whole)
    except ValueError:
        return None
    return at.replace(microsecond=microsecond, tzinfo=datetime.timezone.utc)
