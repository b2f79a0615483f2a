"""One-to-one prayer: an honest queue, a volunteer who accepts, a private room, and what the church does with the words.

It refuses to let anybody outside a room read it; opening what was kept or sealed takes a permission and a reason.
"""
