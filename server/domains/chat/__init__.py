"""Taking part in a room: send, edit, take back, react; one service for REST and sockets.

It refuses to decide who may enter a room (rooms), what may be said (safety), and what hosts decide (hosting).
"""
