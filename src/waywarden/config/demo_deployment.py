"""The demo's deployment file: `deployments/borsetshire.toml` with a home, a key and an address."""

from pathlib import Path

import waywarden

NAME = "borsetshire.toml"
_PACKAGE = Path(waywarden.__file__).parent
#: In an installed package, and in a clone of the project.
PLACES = (_PACKAGE / "deployments" / NAME, _PACKAGE.parents[1] / "deployments" / NAME)

NOBODYS_KEY = "0" * 64
DATABASE = "sqlite:///../var/demo/works.sqlite"
ADDRESS = "http://127.0.0.1:8002"


def sample() -> Path:
    """Where the file is."""
    return next(path for path in PLACES if path.exists())


def text(*, works_database: Path, api_key_hash: str, public_url: str) -> str:
    """The file's text for this demo. `api_key_hash` is `kernel.secrets.hash_token` of a key."""
    return (
        sample()
        .read_text(encoding="utf-8")
        .replace(DATABASE, f"sqlite:///{works_database.absolute()}")
        .replace(NOBODYS_KEY, api_key_hash)
        .replace(ADDRESS, public_url)
    )
