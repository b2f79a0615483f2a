"""`narthex demo`: a whole installation on this machine, with a church in it and a mailbox for what it mails."""
