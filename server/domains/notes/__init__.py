"""A word that somebody leaves for the hosts while a room is not open: before the doors open, and after they closed.

It refuses to be a conversation: a note is read by hosts and answered elsewhere.
"""
