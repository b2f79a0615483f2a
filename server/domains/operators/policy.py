"""How often an operator may try, and how long a token lives; pure."""

from __future__ import annotations

from server.kit.limits import Limit
from server.kit.scope import Rule

# routes of operators stand outside every church, where a rule has no scope to decide about: each asks for the token
OUTSIDE = Rule(anyone=True)

SECONDS = 1_800
AUDIENCE = "operator"
BY_ADDRESS = Limit("operator_address", 30, 900)
# many addresses against one account: strangers wait, a place where the operator signed in before does not
BY_ACCOUNT = Limit("operator_account", 60, 900)
BY_ACCOUNT_AND_ADDRESS = Limit("operator_pair", 10, 900)
CODES = Limit("operator_code", 10, 900)
AGAIN = Limit("operator_again", 10, 900)
