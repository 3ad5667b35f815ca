"""What a ban is compared by, however it or what it is about was typed. Pure."""

import re

_NO_DIGIT = re.compile(r"\D")


def plain_address(text: str) -> str:
    """An e-mail address, or a domain with or without its @."""
    return text.strip().lower().removeprefix("@")


def plain_phone(text: str) -> str:
    """A phone number's digits, without the zeros or the plus before them."""
    return _NO_DIGIT.sub("", text).lstrip("0")


def domains_of(address: str) -> list[str]:
    """The domain of an address and those above it: a ban of one holds for all below."""
    parts = plain_address(address).rpartition("@")[2].split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]
