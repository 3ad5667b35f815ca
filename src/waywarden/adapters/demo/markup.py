"""Writing HTML that cannot forget to escape: text is escaped, only `Html` stands as it is."""

from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(element: str, /, *content: str | int, **attributes: str | int | bool | None) -> Html:
    """An element. An attribute of None or False is left out, True has no value.

    A trailing `_` is dropped from an attribute's name, other `_` become dashes.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if element in {"input", "meta", "link", "img", "br"}:
        return Html(f"<{element}{written}>")
    return Html(f"<{element}{written}>{join(*content)}</{element}>")


def join(*content: str | int) -> Html:
    """Pieces one after the other; what is not Html is escaped."""
    return Html(
        "".join(piece if isinstance(piece, Html) else escape(str(piece)) for piece in content)
    )
