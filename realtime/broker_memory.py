"""A broker inside one process: the reference for the contract tests, and enough for a single node."""

import contextlib

from realtime import broker
from realtime.broker import OnGap, Publication, Receive


class Exchange:
    """What all nodes of one process share."""

    __slots__ = ("brokers",)

    def __init__(self) -> None:
        self.brokers: list[MemoryBroker] = []


class MemoryBroker:
    """One node's hand on an exchange. Others get encoded and decoded copies, as over a wire."""

    __slots__ = ("_exchange", "_on_gap", "_receive", "_tenants")

    lost = 0
    lag = 0.0
    deaf = 0

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._receive: Receive | None = None
        self._on_gap: OnGap | None = None
        self._tenants: set[str] = set()

    async def start(self, receive: Receive, on_gap: OnGap) -> None:
        """Begin; inside one process there are no gaps but those of `miss`."""
        self._receive, self._on_gap = receive, on_gap
        self._exchange.brokers.append(self)

    async def subscribe(self, tenant: str) -> None:
        """Hand over this church's publications from now on."""
        self._tenants.add(tenant)

    async def unsubscribe(self, tenant: str) -> None:
        """Hand over no more of them."""
        self._tenants.discard(tenant)

    def publish(self, tenant: str, publication: Publication) -> bool:
        """Hand it to every node subscribed to this church."""
        payload = broker.encode(publication)
        for other in list(self._exchange.brokers):
            other._take(tenant, publication if other is self else broker.decode(payload))
        return True

    async def stop(self) -> None:
        """End."""
        with contextlib.suppress(ValueError):
            self._exchange.brokers.remove(self)

    def listens(self, tenant: str) -> bool:
        """Tell whether this node has subscribed to a church."""
        return tenant in self._tenants

    def miss(self, tenants: tuple[str, ...]) -> None:
        """Tell a gap, as a broker over a network does after a cut."""
        if self._on_gap is not None:
            self._on_gap(tenants)

    def _take(self, tenant: str, publication: Publication) -> None:
        if self._receive is not None and tenant in self._tenants:
            self._receive(tenant, publication)
