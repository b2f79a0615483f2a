"""Words that a team keeps to be used again, with a verse where one fits.

It refuses to send anything: who writes chooses, changes and sends.
"""
