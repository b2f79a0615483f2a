"""What can be taken back for a minute, and rooms in which hosts rehearse."""

from server.kit.migrations import run

revision = "0016"
down_revision = "0022"


def upgrade() -> None:
    """Make the table of the slice undos; a room may be the rehearsal of a gathering; a place once given stays."""
    run("""
create table undos_kept (
  subject uuid primary key,
  act text not null check (char_length(act) between 1 and 40),
  sealed bytea not null, -- opens with the installation's key only
  at timestamptz not null
);
create index undos_kept_at on undos_kept (at); -- what is too old
alter table rooms_rooms add column rehearses uuid unique; -- the gathering that hosts rehearse here
-- who approved a message may take that back: its number is not given to another
alter table messages_messages drop constraint messages_messages_check;
alter table messages_messages add constraint messages_messages_check
  check (state not in ('posted', 'removed') or number is not null);
""")
