"""Where Clio lives: one address per region, each with its own accounts, apps and tokens."""

#: Region -> base address (docs.developers.clio.com, authorization page, read 2026-10). A token of one region is
#: refused in another with 401.
REGIONS: dict[str, str] = {
    "US": "https://app.clio.com",
    "CA": "https://ca.app.clio.com",
    "EU": "https://eu.app.clio.com",
    "AU": "https://au.app.clio.com",
}


def base_url(region: str, override: str | None = None) -> str:
    """
    Return the address of `region`, without a slash at the end. `override` is an address to use instead: a sandbox.

    Raises `KeyError` for a region that does not exist.
    """
    return (override or REGIONS[region]).rstrip("/")
