"""That something was not right in one-to-one prayer: for pastors alone, and its words never for whom it is about.

It holds what somebody tells, not what was said in the room, so it outlives the words.
"""
