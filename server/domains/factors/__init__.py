"""Second factors of staff: the codes of an authenticator app, and recovery codes for the day the phone is lost.

It refuses to accept any code twice and to show a secret after it was confirmed.
"""
