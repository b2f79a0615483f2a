"""Words below a prayer request on their way: an update, a testimony, an encouragement, and what the team decides.

It refuses to let any stand by itself, whatever they say and whoever wrote them.
"""
