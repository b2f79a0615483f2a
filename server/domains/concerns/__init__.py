"""That something was not right in one-to-one prayer: for pastors alone, and never for those whom it is about.

It holds what somebody tells, not what was said in the room, so it outlives the words.
"""
