"""What must be asked before words are taken: bans, timeouts, a church's word and link rules, floods, crisis, lockdown.

It decides and never publishes: who posts asks `SafetyService.guard` inside its own transaction and obeys the verdict.
It refuses to know rooms, messages or prayers.
"""
