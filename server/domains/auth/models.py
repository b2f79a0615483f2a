"""What a request may carry to say who is asking."""

from __future__ import annotations

import msgspec


class Proof(msgspec.Struct, frozen=True):
    """The proofs of one request. `unsafe`: it may change something, so a cookie alone is not enough."""

    bearer: str | None = None
    api_key: str | None = None
    console: str | None = None
    csrf: str | None = None
    unsafe: bool = True

    def __repr__(self) -> str:
        shown = [name for name in ("bearer", "api_key", "console") if getattr(self, name)]
        return f"Proof({', '.join(shown)})"
