"""Who wants to hear nothing of whom.

In a room that is shared the blocker's own screens hide the other; in mentions, direct rooms and notifications those
slices ask here. It refuses to tell anybody by whom they were blocked.
"""
