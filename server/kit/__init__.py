"""Tools with no product noun: the doors to the database, the log, the outbox, errors, scopes, ids, clocks."""
