"""Standing at the wall: read it, pray, follow, encourage, flag, search, and the guided session.

It refuses to change a request (prayer does) and to tell anybody who prayed.
"""
