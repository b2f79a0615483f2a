"""Who is signed in where: sessions, the tokens and cookies that stand for them, and when they end.

It refuses to know how somebody proved who they are (auth), and no token of a session is ever stored.
"""
