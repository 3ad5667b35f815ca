"""What an area is called in an address: `north-ward` for "North Ward". Pure."""

import hashlib

from waywarden.kernel.text import slug

_HASHED = 8


def ward_slug(name: str) -> str:
    """Lower-case ASCII words joined by dashes.

    A name in another script has no such words: it gets a word of its own, the same each time, so
    that two wards with Arabic names have two addresses.
    """
    words = slug(name, fallback="")
    if any(map(str.isalpha, words)) or not any(map(str.isalpha, name)):
        return words or "x"
    own = hashlib.sha256(name.encode()).hexdigest()[:_HASHED]
    return f"{words}-{own}" if words else own
