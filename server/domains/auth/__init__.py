"""Who is asking: signing in, signing out, and what the proof in a request amounts to.

It refuses to decide what that person may do: each slice's policy does.
"""
