"""Undos: what is needed to take a decision back, sealed, for a minute and not longer.

It refuses to know what was decided, and to give anything out twice.
"""
