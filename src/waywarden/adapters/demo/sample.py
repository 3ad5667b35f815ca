"""A deployment file for the demo, ready to be written to a folder."""

from pathlib import Path
from string import Template

SAMPLE = Path(__file__).with_name("borsetshire.toml")
JURISDICTION = "borsetshire"


def deployment_text(*, works_url: str, api_key_hash: str, public_url: str) -> str:
    """The text of a deployment file. `api_key_hash` is `kernel.secrets.hash_token` of a key."""
    return Template(SAMPLE.read_text(encoding="utf-8")).substitute(
        works_url=works_url, api_key_hash=api_key_hash, public_url=public_url
    )
