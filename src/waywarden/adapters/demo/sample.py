"""The demo's deployment file, filled in."""

from waywarden.adapters.demo.provider import KIND
from waywarden.adapters.new_file import filled

JURISDICTION = "borsetshire"


def deployment_text(*, works_url: str, api_key_hash: str, public_url: str) -> str:
    """The text of a deployment file. `api_key_hash` is `kernel.secrets.hash_token` of a key."""
    return filled(
        KIND,
        jurisdiction=JURISDICTION,
        name="Borsetshire Council",
        api_key_hash=api_key_hash,
        works_url=works_url,
        public_url=public_url,
    )
