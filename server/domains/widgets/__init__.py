"""What a church shows on its own websites: which sites may hold its widgets, how they look, what they say.

It refuses to know what is inside a widget; it says where one may stand and in which dress.
"""
