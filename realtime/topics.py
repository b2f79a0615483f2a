"""The address frames are sent to.

A topic always belongs to a tenant (a church): two churches may both have a `wall:public` and never meet.
"""

import re
from typing import Final, Self

import msgspec

from realtime.errors import BadTopic

_TENANT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME: Final = re.compile(r"([a-z][a-z_]{0,15}):([A-Za-z0-9_-]{1,64})")


class Topic(msgspec.Struct, frozen=True, array_like=True):
    """An address inside one church: `kind` picks the channel, `key` the room, wall or person.

    Build one from outside text with `parse`; the constructor trusts its arguments.
    """

    tenant: str
    kind: str
    key: str

    @classmethod
    def parse(cls, tenant: str, name: str) -> Self:
        """Read `kind:key` inside a church; raise BadTopic when either does not have the plain form."""
        found = _NAME.fullmatch(name)
        if found is None or _TENANT.fullmatch(tenant) is None:
            raise BadTopic("A topic reads kind:key, inside one church.")
        return cls(tenant, found[1], found[2])

    @property
    def name(self) -> str:
        """The topic's name inside its church, as it stands on the wire and in the log."""
        return f"{self.kind}:{self.key}"

    def __str__(self) -> str:
        return f"{self.tenant}/{self.kind}:{self.key}"
