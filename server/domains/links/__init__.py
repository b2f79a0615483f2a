"""What a mailbox proves: registration, invitation, a forgotten password, another address.

Each is a link with a token that works once and for a while. It refuses to tell anybody but the mailbox whether an
address has an account here.
"""
