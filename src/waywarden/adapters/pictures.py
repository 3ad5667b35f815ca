"""What is a picture, by its first bytes. Pure."""

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8")


def is_picture(data: bytes) -> bool:
    """Whether an upload is a picture, by its first bytes."""
    return data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
