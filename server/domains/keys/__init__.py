"""What programs prove themselves with: a church's API keys, and the public keys of its own website.

It refuses to keep a key itself (only its hash), to take a private one, and to let anybody make a key that may do more
than they may: a key ends with its maker's account and rests while they lack the role to make it.
"""
