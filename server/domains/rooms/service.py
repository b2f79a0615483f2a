"""Make rooms, let people in, say who may write, and remember how far each has read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from realtime.broker import Order
from realtime.topics import Topic
from server.domains.audit.service import AuditService
from server.domains.rooms import policy, repository, signals
from server.domains.rooms.errors import BadRoom, NoSuchRoom, TooManyMembers
from server.domains.rooms.models import Member, Right, Role, Room, RoomSettings, Seat
from server.domains.rooms.schemas import Invitation, NewRoom, RoomChange, RoomShown
from server.domains.rooms.signals import PeopleInvited, PersonLeft, RoomArchived, RoomChanged, RoomOpened
from server.domains.safety.service import SafetyService
from server.kit.cache import Cache, Caches
from server.kit.clock import Clock
from server.kit.db import Database, Transaction
from server.kit.log import Draft
from server.kit.scope import Scope

MOST_LISTED = 200
STILL_LISTED = timedelta(hours=12)  # a room stays in the list for so long after it has closed
STILL_HOSTED = timedelta(days=30)  # what was held in a room can be decided for so long
ACTIVE = timedelta(minutes=30)  # rooms that closed longer ago are not told of a lockdown


class Places:
    """What people may do in some rooms, as read in one transaction."""

    __slots__ = ("_roles", "_rooms")

    def __init__(self, rooms: Mapping[UUID, Room], roles: Mapping[tuple[UUID, UUID], Role]) -> None:
        self._rooms = rooms
        self._roles = roles

    def see(self, scope: Scope, room_id: UUID) -> tuple[Room, Right]:
        """Return a room and what the caller may do there; raise NoSuchRoom when they may not even see it."""
        room = self._rooms.get(room_id)
        if room is None:
            raise NoSuchRoom()
        id = scope.actor.id
        right = policy.right(room, scope, None if id is None else self._roles.get((room_id, id)))
        if right is Right.NONE:
            raise NoSuchRoom()
        return room, right

    def is_slow(self, room_id: UUID) -> bool:
        """Tell whether a room is in slow mode."""
        room = self._rooms.get(room_id)
        return room is not None and room.slow_seconds > 0

    def write(self, scope: Scope, room_id: UUID, now: datetime) -> tuple[Room, Right]:
        """Return the same for who may write there now; raise RoomWaiting, RoomClosed, RoomLocked."""
        room, right = self.see(scope, room_id)
        refused = policy.writing(room, right, now)
        if refused is not None:
            raise refused
        return room, right


def topic_of(tenant_id: str, room_id: UUID) -> Topic:
    """Return the address of what is said in a room."""
    return Topic(tenant_id, "chat", str(room_id))


class RoomsService:
    """Keep each church's rooms."""

    def __init__(
        self, database: Database, audit: AuditService, safety: SafetyService, clock: Clock, caches: Caches
    ) -> None:
        self._database = database
        self._audit = audit
        self._safety = safety
        self._clock = clock
        self._caches = caches
        self._rooms: Cache[Room | None] = caches.make("rooms", seconds=20.0, most=5_000)
        self._settings: Cache[RoomSettings] = caches.make("room_settings", seconds=60.0, most=2_000)

    # ---- asked by others

    async def enter(self, scope: Scope, room_id: UUID) -> tuple[Room, Right]:
        """Return a room and what the caller may do there; raise NoSuchRoom, Banned.

        A gathering is answered from this process's memory; a list of invited people is always read.
        """
        await self._safety.admit(scope)
        room = await self._rooms.get(scope.tenant.id, room_id, lambda: self._load(scope, room_id))
        if room is None:
            raise NoSuchRoom()
        if room.kind in ("gathering", "hosts"):
            return Places({room_id: room}, {}).see(scope, room_id)
        async with self._database.transaction(scope, readonly=True) as tx:
            return (await self.places(tx, [(room_id, scope.actor.id)])).see(scope, room_id)

    async def places(self, tx: Transaction, wanted: Iterable[tuple[UUID, UUID | None]]) -> Places:
        """Read what (room, person) pairs may do."""
        pairs = list(wanted)
        rooms = await repository.by_ids(tx.connection, {room for room, _ in pairs})
        return await self._places(tx, rooms, pairs)

    async def lock(self, tx: Transaction, wanted: Iterable[tuple[UUID, UUID | None]]) -> Places:
        """Read the same, and let nobody else write in these rooms until the caller's COMMIT."""
        pairs = list(wanted)
        rooms = await repository.lock(tx.connection, {room for room, _ in pairs})
        return await self._places(tx, rooms, pairs)

    async def hosted(self, tx: Transaction, room_id: UUID) -> Room:
        """Return a room the caller is host of, locked until their COMMIT; raise NoSuchRoom for any other."""
        places = await self.lock(tx, [(room_id, tx.scope.actor.id)])
        room, right = places.see(tx.scope, room_id)
        if right is not Right.HOST:
            raise NoSuchRoom()
        return room

    async def check_host(self, tx: Transaction, room_id: UUID) -> UUID:
        """Return the room's id when the caller is host of it; raise NoSuchRoom for any other."""
        places = await self.places(tx, [(room_id, tx.scope.actor.id)])
        if places.see(tx.scope, room_id)[1] is not Right.HOST:
            raise NoSuchRoom()
        return room_id

    async def settings(self, scope: Scope) -> RoomSettings:
        """Return what holds in all rooms of the church, at most a minute old."""

        async def load() -> RoomSettings:
            async with self._database.transaction(Scope.system(scope.tenant), readonly=True) as tx:
                return await repository.settings(tx.connection)

        return await self._settings.get(scope.tenant.id, "", load)

    async def show(self, scope: Scope, room_id: UUID) -> RoomShown:
        """Return a room as everyone in it sees it; raise NoSuchRoom, Banned."""
        policy.READ.require(scope)
        await self.enter(scope, room_id)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await self.shown(tx, room_id)

    async def shown(self, tx: Transaction, room_id: UUID) -> RoomShown:
        """Return a room as everyone in it sees it; raise NoSuchRoom."""
        room = _found(await repository.by_id(tx.connection, room_id))
        return RoomShown.of(room, self._clock.now(), lockdown=await self._safety.is_locked(tx))

    async def reads(self, tx: Transaction, person: UUID, rooms: Iterable[UUID]) -> Mapping[UUID, int]:
        """Return the number of the last message a person has seen in these rooms."""
        return await repository.reads(tx.connection, person, rooms)

    async def mark_read(self, tx: Transaction, person: UUID, room_id: UUID, number: int) -> int:
        """Move a person's mark forward, never back; return where it stands."""
        return await repository.mark_read(tx.connection, person, room_id, number, self._clock.now())

    async def may_write(self, scope: Scope, room_id: UUID) -> Right:
        """Return what this person may do in a room now, mostly from this process's memory; raise what is against it."""
        room, right = await self.enter(scope, room_id)
        refused = policy.writing(room, right, self._clock.now())
        if refused is not None:
            raise refused
        return right

    async def hosted_by(self, tx: Transaction) -> list[UUID]:
        """Return the rooms the caller is host of, among those in use during the last month."""
        scope, since = tx.scope, self._clock.now() - STILL_HOSTED
        rooms = await repository.open_now(tx.connection, ["gathering", "hosts"], since, MOST_LISTED)
        rooms = [room for room in rooms if policy.right(room, scope, None) is Right.HOST]
        if scope.actor.id is not None:
            listed = await repository.invited_to(tx.connection, scope.actor.id, MOST_LISTED)
            roles = await repository.roles(tx.connection, [(room.id, scope.actor.id) for room in listed])
            hosted = (room for room in listed if roles.get((room.id, scope.actor.id)) == "host")
            rooms += [
                room for room in hosted if room.kind != "care"
            ]  # nobody is host over who asked for prayer
        return [room.id for room in rooms]

    async def mine(self, tx: Transaction) -> list[Seat]:
        """Return the rooms the caller sees: open gatherings, hosts' rooms for hosts, and where they are invited."""
        scope, now = tx.scope, self._clock.now()
        rooms = await repository.open_now(
            tx.connection, ["gathering", "hosts"], now - STILL_LISTED, MOST_LISTED
        )
        seen = [room for room in rooms if policy.right(room, scope, None) is not Right.NONE]
        id = scope.actor.id
        if id is None:
            return [Seat(room, 0) for room in seen]
        invited = await repository.invited_to(tx.connection, id, MOST_LISTED)
        seen += [room for room in invited if room.kind != "care"]  # those have a place of their own
        reads = await repository.reads(tx.connection, id, [room.id for room in seen])
        return [Seat(room, reads.get(room.id, 0)) for room in seen]

    # ---- made and changed

    async def create(self, scope: Scope, new: NewRoom) -> Room:
        """Make a room for hosts or invited people; who makes it is its host."""
        policy.MANAGE.require(scope)
        title = policy.check_title(new.title)
        if new.kind == "hosts" and new.people:
            raise BadRoom("The hosts' room has no list: every host may come in.")
        async with self._database.transaction(scope) as tx:
            now = self._clock.now()
            room = await repository.insert(tx.connection, new.kind, title, now)
            tx.signal(RoomOpened(room_id=room.id, kind=room.kind, gathering_id=None))
            if new.kind == "invited":
                if scope.actor.id is not None:
                    await repository.add_members(tx.connection, room.id, [scope.actor.id], "host", now)
                others = [person for person in new.people if person != scope.actor.id]
                await self._invite(tx, room, others, "member")
            await self._audit.record(tx, scope, "room.made", str(room.id), {"kind": room.kind})
        self._caches.tell("rooms", scope.tenant.id)
        return room

    async def put_gathering(
        self, tx: Transaction, gathering_id: UUID, title: str, window: tuple[datetime, datetime]
    ) -> Room:
        """Make the room of a gathering, or move its window; safe to repeat."""
        before = await repository.by_gathering(tx.connection, gathering_id)
        room = await repository.put_gathering(tx.connection, gathering_id, title, window, self._clock.now())
        if before is None:
            tx.signal(RoomOpened(room_id=room.id, kind=room.kind, gathering_id=gathering_id))
        else:
            await self._announce(tx, room)
        self._caches.tell("rooms", tx.scope.tenant.id)
        return room

    async def close_gathering(self, tx: Transaction, gathering_id: UUID) -> None:
        """Archive the room of a gathering that was cancelled."""
        room = await repository.by_gathering(tx.connection, gathering_id)
        if room is not None and room.archived_at is None:
            await self._archive(tx, room)
            self._caches.tell("rooms", tx.scope.tenant.id)

    async def rehearse(self, scope: Scope, gathering_id: UUID, title: str, until: datetime) -> RoomShown:
        """Make a room for hosts to rehearse a gathering in, or return the one that is there.

        It is a room of its own, so that nothing said in it was ever where visitors may read.
        """
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            before = await repository.by_rehearsal(tx.connection, gathering_id)
            if before is None or before.archived_at is not None:
                room = await repository.put_rehearsal(
                    tx.connection, gathering_id, title, until, self._clock.now()
                )
                tx.signal(RoomOpened(room_id=room.id, kind=room.kind, gathering_id=None))
                await self._audit.record(tx, scope, "rehearsal.begun", str(gathering_id), {"room": room.id})
        self._caches.tell("rooms", scope.tenant.id)
        return await self.show(scope, (before or room).id)

    async def close_rehearsal(self, tx: Transaction, gathering_id: UUID) -> UUID | None:
        """Let nobody write in a rehearsal any more; return its room, None when there is none."""
        room = await repository.by_rehearsal(tx.connection, gathering_id)
        if room is None:
            return None
        if room.archived_at is None:
            await self._archive(tx, (await repository.lock(tx.connection, [room.id]))[room.id])
            await self._audit.record(tx, tx.scope, "rehearsal.ended", str(gathering_id), {"room": room.id})
        self._caches.tell("rooms", tx.scope.tenant.id)
        return room.id

    async def forget_rehearsal(self, tx: Transaction, room_id: UUID) -> None:
        """Note that the room of a rehearsal is empty."""
        await repository.forget_rehearsal(tx.connection, room_id)

    async def old_rehearsals(self, tx: Transaction) -> list[UUID]:
        """Return gatherings whose rehearsal is over but not forgotten yet."""
        return await repository.rehearsals(tx.connection, self._clock.now(), MOST_LISTED)

    async def by_gathering(self, scope: Scope, gathering_id: UUID) -> Room:
        """Return the room of a gathering; raise NoSuchRoom."""
        policy.READ.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            room = _found(await repository.by_gathering(tx.connection, gathering_id))
            Places({room.id: room}, {}).see(scope, room.id)
            return room

    async def change(self, scope: Scope, room_id: UUID, change: RoomChange) -> RoomShown:
        """Change a room's title, window and rules; raise NoSuchRoom, BadRoom. Everyone in it sees it at once."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            room = await self.hosted(tx, room_id)
            policy.check_rules(room)
            new = {name: getattr(change, name) for name in RoomChange.__struct_fields__}
            new = {name: value for name, value in new.items() if value is not UNSET}
            if "title" in new:
                new["title"] = policy.check_title(new["title"])
            room = msgspec.structs.replace(room, **new)
            policy.check_window(room.opens_at, room.closes_at)
            room = await repository.update(tx.connection, room, self._clock.now())
            shown = await self._announce(tx, room)
            await self._audit.record(tx, scope, "room.changed", str(room_id), {"changed": sorted(new)})
        self._caches.tell("rooms", scope.tenant.id)
        return shown

    async def archive(self, scope: Scope, room_id: UUID) -> None:
        """Close a room for good; a second call changes nothing."""
        policy.MANAGE.require(scope)
        async with self._database.transaction(scope) as tx:
            room = await self.hosted(tx, room_id)
            policy.check_rules(room)
            if room.archived_at is None:
                await self._archive(tx, room)
                await self._audit.record(tx, scope, "room.archived", str(room_id))
        self._caches.tell("rooms", scope.tenant.id)

    async def set_settings(self, scope: Scope, settings: RoomSettings) -> RoomSettings:
        """Replace what holds in all rooms."""
        policy.SET.require(scope)
        settings = RoomSettings(policy.check_title(settings.host_label, "/host_label"), settings.keep_days)
        async with self._database.transaction(scope) as tx:
            await repository.put_settings(tx.connection, settings)
            tx.signal(signals.RoomsSet(by=scope.actor.id))
            await self._audit.record(tx, scope, "rooms.set", "rooms", {"keep_days": settings.keep_days})
        self._caches.tell("room_settings", scope.tenant.id)
        return settings

    async def announce_lockdown(self, tx: Transaction) -> None:
        """Show the church's lockdown, or its end, in every room that is in use."""
        since = self._clock.now() - ACTIVE
        for room in await repository.open_now(tx.connection, ["gathering"], since, MOST_LISTED):
            await self._announce(tx, room)

    # ---- lists

    async def members(self, scope: Scope, room_id: UUID) -> Sequence[Member]:
        """Return who is on a room's list."""
        async with self._database.transaction(scope, readonly=True) as tx:
            (await self.places(tx, [(room_id, scope.actor.id)])).see(scope, room_id)
            return await repository.members(tx.connection, room_id, policy.MOST_MEMBERS)

    async def invite(self, scope: Scope, room_id: UUID, invitation: Invitation) -> None:
        """Put people on a room's list; raise TooManyMembers, BadRoom for a room without one."""
        async with self._database.transaction(scope) as tx:
            room = await self.hosted(tx, room_id)
            policy.check_list(room)
            await self._invite(tx, room, invitation.people, invitation.role)
            details = {"people": invitation.people, "role": invitation.role}
            await self._audit.record(tx, scope, "room.invited", str(room_id), details)

    async def remove(self, scope: Scope, room_id: UUID, person: UUID) -> None:
        """Take somebody off a room's list, or leave it oneself; their sockets leave the room at once."""
        policy.MINE.require(scope)
        async with self._database.transaction(scope) as tx:
            if person != scope.actor.id:
                await self.hosted(tx, room_id)
            if not await repository.remove_member(tx.connection, room_id, person):
                return
            policy.check_list(_found(await repository.by_id(tx.connection, room_id)))
            _tell_left(tx, room_id, person)
            if person != scope.actor.id:
                await self._audit.record(tx, scope, "room.removed", str(room_id), {"person": person})

    async def put_private(
        self, tx: Transaction, room_id: UUID | None, title: str, people: Mapping[UUID, Role], *, locked: bool
    ) -> Room:
        """Make a room for one-to-one prayer, or give the one that is there exactly these people on its list."""
        now = self._clock.now()
        if room_id is None:
            room = await repository.insert(tx.connection, "care", title, now)
            tx.signal(RoomOpened(room_id=room.id, kind=room.kind, gathering_id=None))
        else:
            room = (await repository.lock(tx.connection, [room_id]))[room_id]
        for member in await repository.members(tx.connection, room.id, policy.MOST_MEMBERS):
            if member.person_id not in people:
                await repository.remove_member(tx.connection, room.id, member.person_id)
                _tell_left(tx, room.id, member.person_id)
        for person, role in people.items():
            await repository.add_members(tx.connection, room.id, [person], role, now)
        if room.locked != locked:
            changed = msgspec.structs.replace(room, locked=locked)
            room = await repository.update(tx.connection, changed, now)
        await self._announce(tx, room)
        self._caches.tell("rooms", tx.scope.tenant.id)
        return room

    async def close_private(self, tx: Transaction, room_id: UUID) -> None:
        """Let nobody write in a room any more; a second call changes nothing."""
        room = (await repository.lock(tx.connection, [room_id]))[room_id]
        if room.archived_at is None:
            await self._archive(tx, room)
            self._caches.tell("rooms", tx.scope.tenant.id)

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Forget how far somebody has read, and take them off every list."""
        await repository.forget(tx.connection, person)

    async def hand_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let the person a guest turned out to be have read as far as the guest."""
        await repository.hand_over(tx.connection, guest, person)

    # ---- inside

    async def _load(self, scope: Scope, room_id: UUID) -> Room | None:
        async with self._database.transaction(Scope.system(scope.tenant), readonly=True) as tx:
            return await repository.by_id(tx.connection, room_id)

    async def _places(
        self, tx: Transaction, rooms: dict[UUID, Room], pairs: Iterable[tuple[UUID, UUID | None]]
    ) -> Places:
        listed = [
            (room, person)
            for room, person in pairs
            if person is not None and room in rooms and rooms[room].kind not in ("gathering", "hosts")
        ]
        return Places(rooms, await repository.roles(tx.connection, listed) if listed else {})

    async def _invite(self, tx: Transaction, room: Room, people: Sequence[UUID], role: Role) -> None:
        if not people:
            return
        await repository.add_members(tx.connection, room.id, people, role, self._clock.now())
        if await repository.count_members(tx.connection, room.id) > policy.MOST_MEMBERS:
            raise TooManyMembers(f"A room of invited people holds at most {policy.MOST_MEMBERS}.")
        tx.signal(PeopleInvited(room_id=room.id, people=tuple(people)))

    async def _archive(self, tx: Transaction, room: Room) -> None:
        now = self._clock.now()
        room = await repository.update(tx.connection, msgspec.structs.replace(room, archived_at=now), now)
        await self._announce(tx, room)
        tx.signal(RoomArchived(room_id=room.id))

    async def _announce(self, tx: Transaction, room: Room) -> RoomShown:
        """Put the room's new state into its own topic, and the fact into the outbox."""
        lockdown = await self._safety.is_locked(tx)
        shown = RoomShown.of(room, self._clock.now(), lockdown=lockdown)
        data: Any = msgspec.json.encode(shown)
        tx.append(topic_of(tx.scope.tenant.id, room.id), Draft(room.id, "room.changed", data))
        tx.signal(RoomChanged(room_id=room.id))
        return shown


def _tell_left(tx: Transaction, room_id: UUID, person: UUID) -> None:
    """Let somebody's sockets leave a room at once, and whoever misses that look again."""
    tx.signal(PersonLeft(room_id=room_id, person_id=person))
    topic = topic_of(tx.scope.tenant.id, room_id)
    tx.order(Order("leave", person=str(person), topic=topic, reason="removed"))
    tx.order(Order("recheck", person=str(person)))
    control = Topic(tx.scope.tenant.id, "control", "people")
    tx.append(control, Draft(person, "recheck", msgspec.json.encode({"person": person})))


def _found(room: Room | None) -> Room:
    if room is None:
        raise NoSuchRoom()
    return room
