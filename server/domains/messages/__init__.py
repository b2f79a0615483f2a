"""Messages in rooms as they stand: their order, their place in the room's log, reading them back by page.

It refuses to decide what may be said (chat asks safety) and what becomes of it (hosting): it writes what was decided
and tells everyone in the same transaction.
"""
