"""The people who run the installation: they sign in, see which churches there are, and have no rights inside one.

It refuses to open a church.
"""
