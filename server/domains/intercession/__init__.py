"""Who prayed for what, once each, and who follows it.

It refuses to tell who prayed: a mark is a keyed hash over subject and person, so that it joins nothing. It knows its
subjects by their ids alone.
"""
