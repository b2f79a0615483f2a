"""Build every object by constructor, in order; the only place that knows all of them.

The web, the worker, the command line and the tests build the same wiring; what they start of it differs.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack

import redis.asyncio as redis
import structlog

from realtime.broker import Broker
from realtime.broker_memory import Exchange, MemoryBroker
from realtime.broker_redis import RedisBroker
from realtime.channel import Channel, Channels, Door
from realtime.limits import Limits, Rate
from realtime.node import Explain, Node, Toll
from realtime.presence import Presence
from realtime.presence_memory import MemoryPresence, PresenceStore
from realtime.presence_redis import RedisPresence
from realtime.supervise import Supervisor
from realtime.wire_redis import SingleWire
from server.domains.accounts.service import AccountsService
from server.domains.alarms import listeners as alarms_listeners
from server.domains.alarms.service import AlarmsService
from server.domains.asking import listeners as asking_listeners
from server.domains.asking.service import AskingService
from server.domains.audit.service import AuditService
from server.domains.auth.service import AuthService
from server.domains.blocks.service import BlocksService
from server.domains.care import listeners as care_listeners
from server.domains.care.channel import CareChannel
from server.domains.care.service import CareService
from server.domains.chat import listeners as chat_listeners
from server.domains.chat.channel import ChatChannel, MeChannel
from server.domains.chat.service import ChatService
from server.domains.concerns import listeners as concerns_listeners
from server.domains.concerns.service import ConcernsService
from server.domains.crowd.service import CrowdService
from server.domains.encouragement.service import EncouragementService
from server.domains.events.service import EventsService
from server.domains.factors import listeners as factors_listeners
from server.domains.factors.service import FactorsService
from server.domains.followups.service import FollowupsService
from server.domains.guests.service import GuestsService
from server.domains.hosting import listeners as hosting_listeners
from server.domains.hosting.channel import HeldChannel
from server.domains.hosting.service import HostingService
from server.domains.intercession.service import IntercessionService
from server.domains.keys import listeners as keys_listeners
from server.domains.keys.service import KeysService
from server.domains.links import listeners as links_listeners
from server.domains.links.service import LinksService
from server.domains.messages import listeners as messages_listeners
from server.domains.messages.service import MessagesService
from server.domains.moderation import listeners as moderation_listeners
from server.domains.moderation.channel import QueueChannel
from server.domains.moderation.service import ModerationService
from server.domains.notes.service import NotesService
from server.domains.operators.service import OperatorsService
from server.domains.phrases.service import PhrasesService
from server.domains.prayer.service import PrayerService
from server.domains.reactions.service import ReactionsService
from server.domains.replies.service import RepliesService
from server.domains.rooms import listeners as rooms_listeners
from server.domains.rooms.service import RoomsService
from server.domains.rota.service import RotaService
from server.domains.safety.service import SafetyService
from server.domains.sessions import listeners as sessions_listeners
from server.domains.sessions.service import SessionsService
from server.domains.subjects.service import SubjectsService
from server.domains.tenants.models import Tenant
from server.domains.tenants.service import TenantsService
from server.domains.tending.service import TendingService
from server.domains.transcripts.service import TranscriptsService
from server.domains.undos.service import UndosService
from server.domains.wall import listeners as wall_listeners
from server.domains.wall.channel import WallChannel
from server.domains.wall.service import WallService
from server.domains.widgets.service import WidgetsService
from server.kit.cache import Caches, Directory
from server.kit.clock import Clock, SystemClock
from server.kit.crypto import Keyring
from server.kit.db import Database, ShardUrls
from server.kit.healing import Healing
from server.kit.limits import Limiter
from server.kit.log import PostgresLog
from server.kit.mail import Mailer
from server.kit.outbox import Listeners
from server.kit.passwords import Passwords
from server.kit.pulse import Pulse
from server.kit.queue import NoQueue, Queue
from server.kit.scope import TenantRef
from server.kit.tokens import Tokens
from server.kit.wake import Announcements, Waker
from server.settings import Settings


class ChurchSchemas:
    """Make and drop churches' schemas with the owner's login, which only some processes are given.

    Alembic is loaded when a church is made: it would be half of the start of every web process.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def create(self, shard: str, tenant_id: str) -> None:
        """Make role and schema from `head.sql`."""
        from server.kit import migrations

        migrations.create_church(self._settings.owner_of(shard), tenant_id)

    def drop(self, shard: str, tenant_id: str) -> None:
        """Erase schema and role."""
        from server.kit import migrations

        migrations.drop_church(self._settings.owner_of(shard), tenant_id)


class Wiring:
    """Everything one process is made of; attributes are public and typed, nothing is looked up by name."""

    def __init__(self, settings: Settings, clock: Clock, queue: Queue) -> None:
        self.settings = settings
        self.clock = clock
        self.queue = queue
        self.mailer = Mailer(settings.smtp_url, settings.mail_from, clock)
        self.valkey: redis.Redis | None = (
            redis.Redis.from_url(settings.valkey_url) if settings.valkey_url else None
        )
        self.waker = Waker(self.valkey)
        self.name = (
            f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"  # of this process, for leases
        )
        self.supervisor = Supervisor(_die)
        self.broker: Broker = (
            RedisBroker(SingleWire(settings.valkey_url, self.name), self.name, self.supervisor)
            if settings.valkey_url
            else MemoryBroker(Exchange())
        )
        self.announcements = Announcements(self.broker, self.waker)
        self.database = Database(
            settings.database_url,
            {name: ShardUrls(shard.primary, shard.replicas) for name, shard in settings.shard_urls().items()},
            announcer=self.announcements,
            pool_size=settings.pool_size,
            statement_cache_size=settings.statement_cache_size,
        )
        self.caches = Caches(self.valkey, clock)
        self.tenants = TenantsService(self.database, ChurchSchemas(settings), self._church_changed)
        self.directory = Directory(self.caches, self.tenants)
        self._identities()
        self._shard_by_church: dict[str, str] = {}
        self.log = PostgresLog(self.database, self.shard_of)
        self._conversations()
        self._prayers()
        self.listeners = Listeners(
            [
                *links_listeners.listeners(self.links),
                *factors_listeners.listeners(self.links),
                *keys_listeners.listeners(self.keys),
                *sessions_listeners.listeners(self.links),
                *rooms_listeners.listeners(self.rooms),
                *chat_listeners.listeners(self.chat),
                *messages_listeners.listeners(
                    self.messages, self.safety, self.blocks, self.rooms, self.reactions
                ),
                *hosting_listeners.listeners(self.hosting),
                *asking_listeners.listeners(self.asking),
                *care_listeners.listeners(self.care),
                *concerns_listeners.listeners(self.concerns),
                *wall_listeners.listeners(self.wall),
                *alarms_listeners.listeners(self.alarms, self.prayer, self.concerns),
                *moderation_listeners.listeners(self.moderation),
            ]
        )
        self._running = AsyncExitStack()

    def _identities(self) -> None:
        """Build who may be asking: history, accounts, keys, sessions, and the front door of them all."""
        self.keyring = Keyring.parse(self.settings.secret_key)
        self.throttle = Limiter(self.settings.valkey_url, self.keyring.current.derive("throttle"), self.clock)
        self.passwords = Passwords()
        self.tokens = Tokens(self.keyring, self.clock)
        self.audit = AuditService(self.database)
        self.accounts = AccountsService(
            self.database, self.audit, self.passwords, self.throttle, self._account_changed
        )
        self.guests = GuestsService(self.database, lambda tenant: self.caches.tell("seats", tenant.id))
        self.links = LinksService(
            self.database, self.accounts, self.audit, self.keyring, self.throttle, self.settings.public_url
        )
        self.factors = FactorsService(self.database, self.accounts, self.audit, self.keyring, self.throttle)
        self.keys = KeysService(self.database, self.accounts, self.audit, self.caches, self.clock)
        self.sessions = SessionsService(
            self.database, self.accounts, self.guests, self.audit, self.keyring, self.tokens, self.caches
        )
        self.operators = OperatorsService(
            self.tenants, self.passwords, self.tokens, self.keyring, self.throttle, self.clock
        )
        self.widgets = WidgetsService(self.database, self.audit, self.sessions, self.clock, self.caches)
        self.auth = AuthService(
            self.database,
            accounts=self.accounts,
            guests=self.guests,
            factors=self.factors,
            keys=self.keys,
            sessions=self.sessions,
            audit=self.audit,
            throttle=self.throttle,
            clock=self.clock,
        )

    def _conversations(self) -> None:
        """Build what people say to one another, and what keeps it safe."""
        self.safety = SafetyService(
            self.database, self.audit, self.accounts, self.clock, self.keyring, self.caches
        )
        self.blocks = BlocksService(self.database, self.clock)
        self.events = EventsService(self.database, self.audit, self.clock)
        self.rota = RotaService(self.database, self.audit, self.accounts, self.clock)
        self.rooms = RoomsService(self.database, self.audit, self.safety, self.clock, self.caches)
        self.notes = NotesService(
            self.database, self.audit, self.safety, self.rooms, self.throttle, self.clock
        )
        self.reactions = ReactionsService(self.clock)
        self.undos = UndosService(self.database, self.keyring, self.clock)
        self.crowd = CrowdService(self.announcements)
        self.messages = MessagesService(
            self.database,
            self.log,
            self.safety,
            self.blocks,
            self.rooms,
            self.reactions,
            self.undos,
            self.clock,
        )
        self.chat = ChatService(
            self.database,
            self.audit,
            self.safety,
            self.rooms,
            self.messages,
            self.reactions,
            self.undos,
            self.clock,
            self.caches,
        )
        self.hosting = HostingService(
            self.database,
            self.audit,
            self.events,
            self.rooms,
            self.messages,
            self.reactions,
            self.undos,
            self.notes,
            self.throttle,
            self.clock,
        )
        self._care()

    def _care(self) -> None:
        """Build one-to-one prayer, and what follows from it."""
        self.followups = FollowupsService(self.database, self.accounts, self.clock)
        self.transcripts = TranscriptsService(self.messages, self.keyring, self.clock)
        self.care = CareService(
            self.database,
            self.audit,
            self.safety,
            self.rota,
            self.rooms,
            self.messages,
            self.transcripts,
            self.throttle,
            self.clock,
        )
        self.concerns = ConcernsService(
            self.database, self.audit, self.accounts, self.care, self.safety, self.clock
        )

    def _prayers(self) -> None:
        """Build what people ask prayer for, and what becomes of it."""
        self.intercession = IntercessionService(self.clock, self.keyring)
        self.replies = RepliesService(self.clock)
        self.prayer = PrayerService(
            self.database, self.audit, self.safety, self.replies, self.intercession, self.keyring, self.clock
        )
        self.encouragement = EncouragementService(self.prayer, self.replies, self.safety, self.undos)
        self.asking = AskingService(
            self.database,
            self.accounts,
            self.safety,
            self.prayer,
            self.encouragement,
            self.replies,
            self.intercession,
            self.keyring,
            self.throttle,
            self.clock,
            self.settings.public_url,
        )
        url = self.settings.public_url
        self.tending = TendingService(
            self.database, self.audit, self.accounts, self.prayer, self.intercession, self.clock, url
        )
        self.wall = WallService(
            self.database,
            self.log,
            self.prayer,
            self.encouragement,
            self.intercession,
            self.safety,
            self.throttle,
            self.announcements,
            self.keyring,
        )
        self._decisions()

    def _decisions(self) -> None:
        """Build what gathers all that waits for somebody, and what rings."""
        self.phrases = PhrasesService(self.database, self.clock)
        self.alarms = AlarmsService(self.database, self.audit, self.accounts, self.rota, self.clock)
        self.subjects = SubjectsService(
            self.prayer,
            self.replies,
            self.encouragement,
            self.rooms,
            self.messages,
            self.chat,
            self.hosting,
            self.care,
            self.concerns,
        )
        self.moderation = ModerationService(
            self.database,
            self.log,
            self.audit,
            self.accounts,
            self.subjects,
            self.prayer,
            self.alarms,
            self.clock,
        )

    def channels(self) -> Mapping[str, Channel]:
        """Return who answers for each kind of topic."""
        wall = WallChannel(self.wall, self.safety, self.shard_of)
        return {
            "chat": ChatChannel(self.chat, self.messages, self.rooms, self.crowd, self.shard_of),
            "me": MeChannel(self.messages, self.shard_of),
            "held": HeldChannel(self.hosting, self.rooms, self.shard_of),
            "care": CareChannel(self.care, self.shard_of),
            "wall": wall,
            "prayer": wall,
            "queue": QueueChannel(self.moderation, self.safety, self.shard_of),
        }

    async def start(self) -> None:
        """Connect; raise Unavailable when the database does not answer. Valkey may come later."""
        await self.database.open()
        self._running.push_async_callback(self.database.close)
        if self.valkey is not None:
            self._running.push_async_callback(self.valkey.aclose)
        self._running.callback(self.passwords.close)
        await self.caches.start()
        self._running.push_async_callback(self.caches.stop)

    async def stop(self) -> None:
        """Let go of everything in the reverse order."""
        await self.waker.stop()
        await self.broker.stop()
        await self.supervisor.stop()
        await self._running.aclose()

    def node(self, door: Door, explain: Explain, toll: Toll, channels: Mapping[str, Channel]) -> Node:
        """Build the engine of a web process; it and its healing begin with `start_node`."""
        presence: Presence = (
            RedisPresence(self.valkey, self.name)
            if self.valkey is not None
            else MemoryPresence(PresenceStore(), self.name)
        )
        return Node(
            broker=self.broker,
            presence=presence,
            channels=Channels(channels),
            door=door,
            log=self.log,
            supervisor=self.supervisor,
            explain=explain,
            toll=toll,
            gather=self.crowd.hear,
            drain_seconds=self.settings.drain_seconds,
            limits=Limits(frames=Rate(self.settings.socket_frames, self.settings.socket_frames * 6)),
        )

    async def start_node(self, node: Node) -> Healing:
        """Start the engine, its healing, and the pulse that hosts see of their rooms; the supervisor keeps them."""
        await node.start()
        self.crowd.show = node.tell_here
        healing = Healing(self.database, node, self.log, self.clock, self.shard_of)
        self.supervisor.watch("healing", healing.run)
        self.supervisor.watch("pulse", Pulse(node, self.name, {"chat": "held"}).run)
        return healing

    def learn(self, tenant: TenantRef) -> None:
        """Remember on which shard a church lives that has a socket here."""
        self._shard_by_church[tenant.id] = tenant.shard

    def shard_of(self, tenant_id: str) -> str:
        """Return the shard of a church that has a socket here."""
        shards = self.database.shards
        return (
            self._shard_by_church.get(tenant_id, shards[0])
            if len(shards) == 1
            else self._shard_by_church[tenant_id]
        )

    def _church_changed(self, tenant: Tenant) -> None:
        """Tell this process's caches; other processes hear it through Valkey."""
        self.directory.forget(tenant.id)

    def _account_changed(self, tenant: TenantRef) -> None:
        """Let every process read again what hangs on an account: sessions, and the keys that its person made."""
        self.caches.tell("seats", tenant.id)
        self.caches.tell("api_keys", tenant.id)


def _die(name: str, error: Exception) -> None:
    """End the process when a background task is beyond help: a half-dead node is worse than none."""
    structlog.get_logger("narthex.wiring").critical(
        "this process ends", task=name, error=str(error), exc_info=error
    )
    os.kill(os.getpid(), signal.SIGTERM)


def build(settings: Settings, clock: Clock | None = None, queue: Queue | None = None) -> Wiring:
    """Build the wiring of one process; nothing connects before `start`. Only a worker gives a queue."""
    return Wiring(settings, clock or SystemClock(), queue or NoQueue())
