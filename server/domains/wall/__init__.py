"""Standing at the wall: read it, pray, follow, encourage, flag, search, the guided session; taking down what is below.

It refuses to change a request (prayer does) and to tell anybody who prayed.
"""
