-- The schema of a new church. Made by `narthex migrate --write-head` from the history in versions/; do not edit.
-- The placeholder church's name is replaced when a church is made; a test holds this file against the replay.

CREATE TABLE church_0000000000000000.accounts_people (
    id uuid DEFAULT uuidv7() NOT NULL,
    email text,
    name text NOT NULL,
    locale text DEFAULT 'en'::text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    roles text[] DEFAULT '{member}'::text[] NOT NULL,
    password_hash text,
    sessions_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    kept_session uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT accounts_people_email_check CHECK (((char_length(email) >= 3) AND (char_length(email) <= 254))),
    CONSTRAINT accounts_people_locale_check CHECK (((char_length(locale) >= 2) AND (char_length(locale) <= 35))),
    CONSTRAINT accounts_people_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT accounts_people_roles_check CHECK ((roles <@ ARRAY['owner'::text, 'admin'::text, 'pastor'::text, 'moderator'::text, 'prayer_team'::text, 'member'::text])),
    CONSTRAINT accounts_people_status_check CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text])))
);

CREATE TABLE church_0000000000000000.alarms_alarms (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    subject uuid,
    raised_at timestamp with time zone NOT NULL,
    told uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    seen_by uuid,
    seen_by_name text DEFAULT ''::text NOT NULL,
    seen_at timestamp with time zone,
    CONSTRAINT alarms_alarms_about_check CHECK ((about = ANY (ARRAY['prayer'::text, 'flag'::text, 'reply'::text, 'message'::text, 'report'::text, 'note'::text, 'care'::text, 'concern'::text, 'queue'::text]))),
    CONSTRAINT alarms_alarms_kind_check CHECK ((kind = ANY (ARRAY['self_harm'::text, 'abuse'::text, 'unsafe'::text, 'unattended'::text]))),
    CONSTRAINT alarms_alarms_seen_by_name_check CHECK ((char_length(seen_by_name) <= 200))
);

CREATE TABLE church_0000000000000000.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE church_0000000000000000.audit_entries (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    actor_name text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details json NOT NULL,
    request_id text NOT NULL,
    address text,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_entries_action_check CHECK ((action ~ '^[a-z_]+[.][a-z_]+$'::text)),
    CONSTRAINT audit_entries_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['anonymous'::text, 'guest'::text, 'person'::text, 'api_key'::text, 'operator'::text, 'system'::text]))),
    CONSTRAINT audit_entries_actor_name_check CHECK ((char_length(actor_name) <= 200)),
    CONSTRAINT audit_entries_address_check CHECK ((char_length(address) <= 64)),
    CONSTRAINT audit_entries_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_entries_prev_hash_check CHECK ((octet_length(prev_hash) = 32)),
    CONSTRAINT audit_entries_request_id_check CHECK ((char_length(request_id) <= 200)),
    CONSTRAINT audit_entries_seq_check CHECK ((seq > 0)),
    CONSTRAINT audit_entries_subject_check CHECK ((char_length(subject) <= 200))
);

CREATE TABLE church_0000000000000000.auth_exchanged (
    token_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT auth_exchanged_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE church_0000000000000000.auth_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    person_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT auth_identities_subject_check CHECK (((char_length(subject) >= 1) AND (char_length(subject) <= 255)))
);

CREATE TABLE church_0000000000000000.blocks_people (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE church_0000000000000000.care_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    state text NOT NULL,
    asker_id uuid NOT NULL,
    asker_name text NOT NULL,
    language text NOT NULL,
    topic text DEFAULT ''::text NOT NULL,
    minor boolean DEFAULT false NOT NULL,
    crisis text DEFAULT ''::text NOT NULL,
    room_id uuid,
    first_id uuid,
    first_name text DEFAULT ''::text NOT NULL,
    second_id uuid,
    second_name text DEFAULT ''::text NOT NULL,
    words text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    ended_at timestamp with time zone,
    words_gone_at timestamp with time zone,
    waits_since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT care_sessions_asker_name_check CHECK ((char_length(asker_name) <= 60)),
    CONSTRAINT care_sessions_crisis_check CHECK ((crisis = ANY (ARRAY[''::text, 'self_harm'::text, 'abuse'::text]))),
    CONSTRAINT care_sessions_first_name_check CHECK ((char_length(first_name) <= 200)),
    CONSTRAINT care_sessions_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT care_sessions_second_name_check CHECK ((char_length(second_name) <= 200)),
    CONSTRAINT care_sessions_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'active'::text, 'ended'::text, 'left'::text, 'handed_off'::text]))),
    CONSTRAINT care_sessions_topic_check CHECK ((char_length(topic) <= 500)),
    CONSTRAINT care_sessions_words_check CHECK ((words = ANY (ARRAY['erase'::text, 'keep'::text, 'seal'::text])))
);

CREATE TABLE church_0000000000000000.care_settings (
    single boolean DEFAULT true NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT care_settings_single_check CHECK (single)
);

CREATE TABLE church_0000000000000000.concerns_concerns (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    session_id uuid NOT NULL,
    by_id uuid,
    by_name text DEFAULT ''::text NOT NULL,
    about uuid[] NOT NULL,
    about_names text[] NOT NULL,
    reason text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    round integer DEFAULT 1 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT concerns_concerns_by_name_check CHECK ((char_length(by_name) <= 200)),
    CONSTRAINT concerns_concerns_note_check CHECK ((char_length(note) <= 2000)),
    CONSTRAINT concerns_concerns_reason_check CHECK ((reason = ANY (ARRAY['unsafe'::text, 'unkind'::text, 'private'::text, 'other'::text])))
);

CREATE TABLE church_0000000000000000.concerns_present (
    session_id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT concerns_present_name_check CHECK ((char_length(name) <= 200))
);

CREATE TABLE church_0000000000000000.events_gatherings (
    id uuid DEFAULT uuidv7() NOT NULL,
    title text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    zone text NOT NULL,
    video_url text DEFAULT ''::text NOT NULL,
    opens_before integer DEFAULT 30 NOT NULL,
    closes_after integer DEFAULT 30 NOT NULL,
    cancelled_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT events_gatherings_check CHECK ((ends_at > starts_at)),
    CONSTRAINT events_gatherings_closes_after_check CHECK (((closes_after >= 0) AND (closes_after <= 1440))),
    CONSTRAINT events_gatherings_opens_before_check CHECK (((opens_before >= 0) AND (opens_before <= 1440))),
    CONSTRAINT events_gatherings_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200))),
    CONSTRAINT events_gatherings_video_url_check CHECK ((char_length(video_url) <= 500)),
    CONSTRAINT events_gatherings_zone_check CHECK (((char_length(zone) >= 1) AND (char_length(zone) <= 64)))
);

CREATE TABLE church_0000000000000000.factors_recovery (
    person_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT factors_recovery_code_hash_check CHECK ((octet_length(code_hash) = 32))
);

CREATE TABLE church_0000000000000000.factors_totp (
    person_id uuid NOT NULL,
    secret_sealed bytea NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE church_0000000000000000.followups_tasks (
    id uuid DEFAULT uuidv7() NOT NULL,
    session_id uuid,
    request_id uuid,
    title text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    assigned_to uuid,
    assigned_name text DEFAULT ''::text NOT NULL,
    due_on date,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    done_by_name text DEFAULT ''::text NOT NULL,
    CONSTRAINT followups_tasks_assigned_name_check CHECK ((char_length(assigned_name) <= 200)),
    CONSTRAINT followups_tasks_done_by_name_check CHECK ((char_length(done_by_name) <= 200)),
    CONSTRAINT followups_tasks_note_check CHECK ((char_length(note) <= 1000)),
    CONSTRAINT followups_tasks_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200)))
);

CREATE TABLE church_0000000000000000.guests (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    nickname text NOT NULL,
    consent text NOT NULL,
    site text NOT NULL,
    locale text DEFAULT 'en'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    person_id uuid,
    CONSTRAINT guests_consent_check CHECK (((char_length(consent) >= 1) AND (char_length(consent) <= 40))),
    CONSTRAINT guests_nickname_check CHECK (((char_length(nickname) >= 1) AND (char_length(nickname) <= 40))),
    CONSTRAINT guests_site_check CHECK ((char_length(site) <= 253))
);

CREATE TABLE church_0000000000000000.hosting_reports (
    message_id uuid NOT NULL,
    room_id uuid NOT NULL,
    reporter_id uuid NOT NULL,
    reason text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    CONSTRAINT hosting_reports_note_check CHECK ((char_length(note) <= 500)),
    CONSTRAINT hosting_reports_reason_check CHECK ((reason = ANY (ARRAY['unkind'::text, 'spam'::text, 'unsafe'::text, 'private'::text, 'other'::text])))
);

CREATE TABLE church_0000000000000000.idempotency_keys (
    actor text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE church_0000000000000000.intercession_followers (
    subject uuid NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE church_0000000000000000.intercession_prayed (
    subject uuid NOT NULL,
    mark bytea NOT NULL,
    on_day date NOT NULL,
    CONSTRAINT intercession_prayed_mark_check CHECK ((octet_length(mark) = 32))
);

CREATE TABLE church_0000000000000000.intercession_totals (
    subject uuid NOT NULL,
    prayed integer DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT intercession_totals_prayed_check CHECK ((prayed >= 0))
);

CREATE TABLE church_0000000000000000.keys_api (
    id uuid DEFAULT uuidv7() NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT keys_api_hint_check CHECK ((char_length(hint) <= 8)),
    CONSTRAINT keys_api_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT keys_api_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);

CREATE TABLE church_0000000000000000.keys_host (
    id uuid DEFAULT uuidv7() NOT NULL,
    name text NOT NULL,
    kid text NOT NULL,
    issuer text NOT NULL,
    algorithm text NOT NULL,
    public_key text NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT keys_host_algorithm_check CHECK ((algorithm = ANY (ARRAY['EdDSA'::text, 'ES256'::text]))),
    CONSTRAINT keys_host_issuer_check CHECK (((char_length(issuer) >= 1) AND (char_length(issuer) <= 200))),
    CONSTRAINT keys_host_kid_check CHECK (((char_length(kid) >= 1) AND (char_length(kid) <= 100))),
    CONSTRAINT keys_host_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

CREATE TABLE church_0000000000000000.links_sent (
    id uuid DEFAULT uuidv7() NOT NULL,
    kind text NOT NULL,
    token_hash bytea NOT NULL,
    email text NOT NULL,
    person_id uuid,
    name text DEFAULT ''::text NOT NULL,
    locale text DEFAULT 'en'::text NOT NULL,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    invited_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT links_sent_email_check CHECK (((char_length(email) >= 3) AND (char_length(email) <= 254))),
    CONSTRAINT links_sent_kind_check CHECK ((kind = ANY (ARRAY['register'::text, 'reset'::text, 'email'::text, 'invite'::text]))),
    CONSTRAINT links_sent_roles_check CHECK ((roles <@ ARRAY['owner'::text, 'admin'::text, 'pastor'::text, 'moderator'::text, 'prayer_team'::text, 'member'::text])),
    CONSTRAINT links_sent_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE church_0000000000000000.messages_messages (
    id uuid NOT NULL,
    room_id uuid NOT NULL,
    number bigint,
    state text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    author_id uuid NOT NULL,
    author_kind text NOT NULL,
    author_name text NOT NULL,
    author_mark text DEFAULT ''::text NOT NULL,
    author_label text DEFAULT ''::text NOT NULL,
    body text NOT NULL,
    reply_to uuid,
    mentions uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    sketch integer[] DEFAULT '{}'::integer[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone,
    edited_at timestamp with time zone,
    pinned_at timestamp with time zone,
    removed_at timestamp with time zone,
    removed_by text,
    CONSTRAINT messages_messages_author_kind_check CHECK ((author_kind = ANY (ARRAY['person'::text, 'guest'::text, 'api_key'::text, 'system'::text]))),
    CONSTRAINT messages_messages_author_name_check CHECK ((char_length(author_name) <= 200)),
    CONSTRAINT messages_messages_body_check CHECK ((char_length(body) <= 2000)),
    CONSTRAINT messages_messages_check CHECK (((state <> ALL (ARRAY['posted'::text, 'removed'::text])) OR (number IS NOT NULL))),
    CONSTRAINT messages_messages_number_check CHECK ((number > 0)),
    CONSTRAINT messages_messages_removed_by_check CHECK ((removed_by = ANY (ARRAY['author'::text, 'host'::text, 'erasure'::text]))),
    CONSTRAINT messages_messages_state_check CHECK ((state = ANY (ARRAY['posted'::text, 'held'::text, 'shadow'::text, 'declined'::text, 'removed'::text])))
);

CREATE TABLE church_0000000000000000.messages_voices (
    person_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    known boolean DEFAULT false NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT messages_voices_name_check CHECK ((char_length(name) <= 200))
);

CREATE TABLE church_0000000000000000.moderation_cases (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    round integer DEFAULT 1 NOT NULL,
    team text NOT NULL,
    state text NOT NULL,
    weight integer DEFAULT 0 NOT NULL,
    subject_version bigint DEFAULT 1 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    claimed_by uuid,
    claimed_by_name text DEFAULT ''::text NOT NULL,
    claimed_until timestamp with time zone,
    assigned_to uuid,
    assigned_to_name text DEFAULT ''::text NOT NULL,
    verdict text DEFAULT ''::text NOT NULL,
    decided_by uuid,
    decided_by_name text DEFAULT ''::text NOT NULL,
    decided_at timestamp with time zone,
    opened_at timestamp with time zone NOT NULL,
    CONSTRAINT moderation_cases_assigned_to_name_check CHECK ((char_length(assigned_to_name) <= 200)),
    CONSTRAINT moderation_cases_claimed_by_name_check CHECK ((char_length(claimed_by_name) <= 200)),
    CONSTRAINT moderation_cases_decided_by_name_check CHECK ((char_length(decided_by_name) <= 200)),
    CONSTRAINT moderation_cases_kind_check CHECK ((kind = ANY (ARRAY['prayer'::text, 'flag'::text, 'reply'::text, 'message'::text, 'report'::text, 'care'::text, 'concern'::text]))),
    CONSTRAINT moderation_cases_state_check CHECK ((state = ANY (ARRAY['open'::text, 'decided'::text, 'closed'::text]))),
    CONSTRAINT moderation_cases_team_check CHECK ((team = ANY (ARRAY['chat'::text, 'prayer'::text, 'pastors'::text, 'care'::text]))),
    CONSTRAINT moderation_cases_weight_check CHECK ((weight = ANY (ARRAY['-1'::integer, 0, 1, 2])))
);

CREATE TABLE church_0000000000000000.moderation_notes (
    id uuid DEFAULT uuidv7() NOT NULL,
    case_id uuid NOT NULL,
    body text NOT NULL,
    author_id uuid,
    author_name text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT moderation_notes_author_name_check CHECK ((char_length(author_name) <= 200)),
    CONSTRAINT moderation_notes_body_check CHECK (((char_length(body) >= 1) AND (char_length(body) <= 1000)))
);

CREATE TABLE church_0000000000000000.notes_notes (
    id uuid NOT NULL,
    room_id uuid NOT NULL,
    room_title text NOT NULL,
    author_id uuid NOT NULL,
    author_name text NOT NULL,
    body text NOT NULL,
    need text NOT NULL,
    at timestamp with time zone NOT NULL,
    read_at timestamp with time zone,
    read_by uuid,
    CONSTRAINT notes_notes_body_check CHECK (((char_length(body) >= 1) AND (char_length(body) <= 500)))
);

CREATE TABLE church_0000000000000000.phrases_phrases (
    id uuid DEFAULT uuidv7() NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    scripture text DEFAULT ''::text NOT NULL,
    language text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT phrases_phrases_body_check CHECK (((char_length(body) >= 1) AND (char_length(body) <= 1000))),
    CONSTRAINT phrases_phrases_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT phrases_phrases_scripture_check CHECK ((char_length(scripture) <= 100)),
    CONSTRAINT phrases_phrases_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 80)))
);

CREATE TABLE church_0000000000000000.prayer_flags (
    request_id uuid NOT NULL,
    round integer NOT NULL,
    mark bytea NOT NULL,
    team boolean NOT NULL,
    reason text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT prayer_flags_mark_check CHECK ((octet_length(mark) = 32)),
    CONSTRAINT prayer_flags_note_check CHECK ((char_length(note) <= 500)),
    CONSTRAINT prayer_flags_reason_check CHECK ((reason = ANY (ARRAY['private'::text, 'unkind'::text, 'spam'::text, 'unsafe'::text, 'other'::text])))
);

CREATE TABLE church_0000000000000000.prayer_links (
    token_hash bytea NOT NULL,
    request_id uuid NOT NULL,
    CONSTRAINT prayer_links_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE church_0000000000000000.prayer_requests (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    round integer DEFAULT 1 NOT NULL,
    state text NOT NULL,
    visibility text NOT NULL,
    for_whom text NOT NULL,
    category text NOT NULL,
    urgent boolean DEFAULT false NOT NULL,
    language text NOT NULL,
    anonymous boolean NOT NULL,
    asker_id uuid,
    name text DEFAULT ''::text NOT NULL,
    body text NOT NULL,
    public_body text DEFAULT ''::text NOT NULL,
    suggestions jsonb DEFAULT '[]'::jsonb NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    crisis text DEFAULT ''::text NOT NULL,
    tell_prayed boolean DEFAULT true NOT NULL,
    testimony text DEFAULT ''::text NOT NULL,
    sketch integer[] DEFAULT '{}'::integer[] NOT NULL,
    search text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    approved_at timestamp with time zone,
    decided_at timestamp with time zone,
    decided_by uuid,
    decided_by_name text DEFAULT ''::text NOT NULL,
    expires_at timestamp with time zone,
    closed_at timestamp with time zone,
    CONSTRAINT prayer_requests_body_check CHECK ((char_length(body) <= 5000)),
    CONSTRAINT prayer_requests_category_check CHECK ((category = ANY (ARRAY['health'::text, 'family'::text, 'grief'::text, 'work'::text, 'faith'::text, 'thanks'::text, 'world'::text, 'other'::text]))),
    CONSTRAINT prayer_requests_check CHECK (((NOT anonymous) OR ((asker_id IS NULL) AND (name = ''::text)))),
    CONSTRAINT prayer_requests_crisis_check CHECK ((crisis = ANY (ARRAY[''::text, 'self_harm'::text, 'abuse'::text]))),
    CONSTRAINT prayer_requests_decided_by_name_check CHECK ((char_length(decided_by_name) <= 200)),
    CONSTRAINT prayer_requests_for_whom_check CHECK ((for_whom = ANY (ARRAY['self'::text, 'other'::text]))),
    CONSTRAINT prayer_requests_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT prayer_requests_name_check CHECK ((char_length(name) <= 60)),
    CONSTRAINT prayer_requests_public_body_check CHECK ((char_length(public_body) <= 5000)),
    CONSTRAINT prayer_requests_state_check CHECK ((state = ANY (ARRAY['held'::text, 'pastor'::text, 'approved'::text, 'declined'::text, 'answered'::text, 'expired'::text, 'archived'::text, 'withdrawn'::text]))),
    CONSTRAINT prayer_requests_testimony_check CHECK ((char_length(testimony) <= 2000)),
    CONSTRAINT prayer_requests_visibility_check CHECK ((visibility = ANY (ARRAY['wall'::text, 'members'::text, 'team'::text, 'pastors'::text])))
);

CREATE TABLE church_0000000000000000.prayer_sealed (
    request_id uuid NOT NULL,
    box bytea NOT NULL
);

CREATE TABLE church_0000000000000000.prayer_settings (
    single boolean DEFAULT true NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT prayer_settings_single_check CHECK (single)
);

CREATE TABLE church_0000000000000000.processed (
    signal bigint NOT NULL,
    listener text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE church_0000000000000000.reactions_given (
    subject uuid NOT NULL,
    person_id uuid NOT NULL,
    emoji text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT reactions_given_emoji_check CHECK (((char_length(emoji) >= 1) AND (char_length(emoji) <= 16)))
);

CREATE TABLE church_0000000000000000.reactions_totals (
    subject uuid NOT NULL,
    emoji text NOT NULL,
    count integer NOT NULL,
    version bigint DEFAULT 0 NOT NULL
);

CREATE TABLE church_0000000000000000.replies_replies (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    request_id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    body text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    crisis text DEFAULT ''::text NOT NULL,
    author_id uuid,
    author_name text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    CONSTRAINT replies_replies_author_name_check CHECK ((char_length(author_name) <= 60)),
    CONSTRAINT replies_replies_body_check CHECK ((char_length(body) <= 1000)),
    CONSTRAINT replies_replies_check CHECK (((state = 'posted'::text) OR (state = 'held'::text) OR (body = ''::text))),
    CONSTRAINT replies_replies_kind_check CHECK ((kind = ANY (ARRAY['update'::text, 'testimony'::text, 'encouragement'::text]))),
    CONSTRAINT replies_replies_state_check CHECK ((state = ANY (ARRAY['held'::text, 'posted'::text, 'declined'::text, 'removed'::text])))
);

CREATE TABLE church_0000000000000000.rooms_members (
    room_id uuid NOT NULL,
    person_id uuid NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    CONSTRAINT rooms_members_role_check CHECK ((role = ANY (ARRAY['member'::text, 'host'::text])))
);

CREATE TABLE church_0000000000000000.rooms_reads (
    person_id uuid NOT NULL,
    room_id uuid NOT NULL,
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT rooms_reads_number_check CHECK ((number >= 0))
);

CREATE TABLE church_0000000000000000.rooms_rooms (
    id uuid DEFAULT uuidv7() NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    gathering_id uuid,
    opens_at timestamp with time zone,
    closes_at timestamp with time zone,
    slow_seconds integer DEFAULT 0 NOT NULL,
    hold text DEFAULT 'none'::text NOT NULL,
    locked boolean DEFAULT false NOT NULL,
    archived_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    rehearses uuid,
    CONSTRAINT rooms_rooms_hold_check CHECK ((hold = ANY (ARRAY['none'::text, 'first'::text, 'guests'::text, 'all'::text]))),
    CONSTRAINT rooms_rooms_kind_check CHECK ((kind = ANY (ARRAY['gathering'::text, 'hosts'::text, 'invited'::text, 'group'::text, 'direct'::text, 'care'::text]))),
    CONSTRAINT rooms_rooms_slow_seconds_check CHECK (((slow_seconds >= 0) AND (slow_seconds <= 600))),
    CONSTRAINT rooms_rooms_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200)))
);

CREATE TABLE church_0000000000000000.rooms_settings (
    single boolean DEFAULT true NOT NULL,
    host_label text DEFAULT 'Host'::text NOT NULL,
    keep_days integer DEFAULT 365 NOT NULL,
    CONSTRAINT rooms_settings_host_label_check CHECK (((char_length(host_label) >= 1) AND (char_length(host_label) <= 30))),
    CONSTRAINT rooms_settings_keep_days_check CHECK (((keep_days >= 1) AND (keep_days <= 3650))),
    CONSTRAINT rooms_settings_single_check CHECK (single)
);

CREATE TABLE church_0000000000000000.rota_presence (
    person_id uuid NOT NULL,
    name text NOT NULL,
    languages text[] DEFAULT '{}'::text[] NOT NULL,
    here_since timestamp with time zone NOT NULL,
    here_until timestamp with time zone NOT NULL,
    CONSTRAINT rota_presence_name_check CHECK ((char_length(name) <= 200))
);

CREATE TABLE church_0000000000000000.rota_shifts (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    duty text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    zone text NOT NULL,
    weekly boolean DEFAULT false NOT NULL,
    until date,
    languages text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT rota_shifts_check CHECK ((ends_at > starts_at)),
    CONSTRAINT rota_shifts_duty_check CHECK ((duty = ANY (ARRAY['prayer'::text, 'leader'::text]))),
    CONSTRAINT rota_shifts_zone_check CHECK (((char_length(zone) >= 1) AND (char_length(zone) <= 64)))
);

CREATE TABLE church_0000000000000000.safety_bans (
    id uuid DEFAULT uuidv7() NOT NULL,
    person_id uuid NOT NULL,
    person_name text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    made_by uuid,
    made_by_name text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    lifted_at timestamp with time zone,
    lifted_by_name text,
    CONSTRAINT safety_bans_lifted_by_name_check CHECK ((char_length(lifted_by_name) <= 200)),
    CONSTRAINT safety_bans_made_by_name_check CHECK ((char_length(made_by_name) <= 200)),
    CONSTRAINT safety_bans_person_name_check CHECK ((char_length(person_name) <= 200)),
    CONSTRAINT safety_bans_reason_check CHECK ((char_length(reason) <= 500))
);

CREATE TABLE church_0000000000000000.safety_church (
    single boolean DEFAULT true NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    rules jsonb DEFAULT '{}'::jsonb NOT NULL,
    locked_at timestamp with time zone,
    locked_by text,
    CONSTRAINT safety_church_locked_by_check CHECK ((char_length(locked_by) <= 200)),
    CONSTRAINT safety_church_single_check CHECK (single)
);

CREATE TABLE church_0000000000000000.safety_marks (
    value bytea NOT NULL,
    ban_id uuid NOT NULL,
    kind text NOT NULL,
    CONSTRAINT safety_marks_kind_check CHECK ((kind = ANY (ARRAY['account'::text, 'device'::text, 'address'::text])))
);

CREATE TABLE church_0000000000000000.safety_restraints (
    person_id uuid NOT NULL,
    kind text NOT NULL,
    person_name text NOT NULL,
    until timestamp with time zone NOT NULL,
    made_by_name text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT safety_restraints_kind_check CHECK ((kind = ANY (ARRAY['timeout'::text, 'shadow'::text]))),
    CONSTRAINT safety_restraints_made_by_name_check CHECK ((char_length(made_by_name) <= 200)),
    CONSTRAINT safety_restraints_person_name_check CHECK ((char_length(person_name) <= 200))
);

CREATE TABLE church_0000000000000000.safety_traces (
    person_id uuid NOT NULL,
    kind text NOT NULL,
    value bytea NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT safety_traces_kind_check CHECK ((kind = ANY (ARRAY['device'::text, 'address'::text])))
);

CREATE TABLE church_0000000000000000.sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    guest_id uuid,
    person_id uuid,
    seed bytea NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    rotated_at timestamp with time zone NOT NULL,
    device text DEFAULT ''::text NOT NULL,
    place bytea,
    site text DEFAULT ''::text NOT NULL,
    strong boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_why text,
    CONSTRAINT sessions_check CHECK ((num_nonnulls(guest_id, person_id) >= 1)),
    CONSTRAINT sessions_device_check CHECK ((char_length(device) <= 200)),
    CONSTRAINT sessions_ended_why_check CHECK ((ended_why = ANY (ARRAY['signed_out'::text, 'everywhere'::text, 'reuse'::text, 'revoked'::text, 'site'::text]))),
    CONSTRAINT sessions_kind_check CHECK ((kind = ANY (ARRAY['app'::text, 'console'::text, 'widget'::text]))),
    CONSTRAINT sessions_seed_check CHECK ((octet_length(seed) = 32)),
    CONSTRAINT sessions_site_check CHECK ((char_length(site) <= 253))
);

CREATE TABLE church_0000000000000000.topic_events (
    topic_id bigint NOT NULL,
    seq bigint NOT NULL,
    entity uuid NOT NULL,
    kind text NOT NULL,
    data bytea,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE church_0000000000000000.topics (
    id bigint NOT NULL,
    name text NOT NULL,
    head bigint DEFAULT 0 NOT NULL,
    epoch integer DEFAULT 1 NOT NULL
);

ALTER TABLE church_0000000000000000.topics ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME church_0000000000000000.topics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE church_0000000000000000.transcripts_sealed (
    room_id uuid NOT NULL,
    box bytea NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE church_0000000000000000.undos_kept (
    subject uuid NOT NULL,
    act text NOT NULL,
    sealed bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT undos_kept_act_check CHECK (((char_length(act) >= 1) AND (char_length(act) <= 40)))
);

CREATE TABLE church_0000000000000000.widgets_settings (
    single boolean DEFAULT true NOT NULL,
    sites text[] NOT NULL,
    theme jsonb NOT NULL,
    texts jsonb NOT NULL,
    consent jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT widgets_settings_single_check CHECK (single),
    CONSTRAINT widgets_settings_sites_check CHECK ((cardinality(sites) <= 50))
);

ALTER TABLE ONLY church_0000000000000000.accounts_people
    ADD CONSTRAINT accounts_people_email_key UNIQUE (email);

ALTER TABLE ONLY church_0000000000000000.accounts_people
    ADD CONSTRAINT accounts_people_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.alarms_alarms
    ADD CONSTRAINT alarms_alarms_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY church_0000000000000000.audit_entries
    ADD CONSTRAINT audit_entries_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY church_0000000000000000.auth_exchanged
    ADD CONSTRAINT auth_exchanged_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY church_0000000000000000.auth_identities
    ADD CONSTRAINT auth_identities_pkey PRIMARY KEY (issuer, subject);

ALTER TABLE ONLY church_0000000000000000.blocks_people
    ADD CONSTRAINT blocks_people_pkey PRIMARY KEY (blocker_id, blocked_id);

ALTER TABLE ONLY church_0000000000000000.care_sessions
    ADD CONSTRAINT care_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.care_sessions
    ADD CONSTRAINT care_sessions_room_id_key UNIQUE (room_id);

ALTER TABLE ONLY church_0000000000000000.care_settings
    ADD CONSTRAINT care_settings_pkey PRIMARY KEY (single);

ALTER TABLE ONLY church_0000000000000000.concerns_concerns
    ADD CONSTRAINT concerns_concerns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.concerns_concerns
    ADD CONSTRAINT concerns_concerns_session_id_by_id_key UNIQUE (session_id, by_id);

ALTER TABLE ONLY church_0000000000000000.concerns_present
    ADD CONSTRAINT concerns_present_pkey PRIMARY KEY (session_id, person_id);

ALTER TABLE ONLY church_0000000000000000.events_gatherings
    ADD CONSTRAINT events_gatherings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.factors_recovery
    ADD CONSTRAINT factors_recovery_pkey PRIMARY KEY (person_id, code_hash);

ALTER TABLE ONLY church_0000000000000000.factors_totp
    ADD CONSTRAINT factors_totp_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY church_0000000000000000.followups_tasks
    ADD CONSTRAINT followups_tasks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.guests
    ADD CONSTRAINT guests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.hosting_reports
    ADD CONSTRAINT hosting_reports_pkey PRIMARY KEY (message_id, reporter_id);

ALTER TABLE ONLY church_0000000000000000.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (actor, key);

ALTER TABLE ONLY church_0000000000000000.intercession_followers
    ADD CONSTRAINT intercession_followers_pkey PRIMARY KEY (subject, person_id);

ALTER TABLE ONLY church_0000000000000000.intercession_prayed
    ADD CONSTRAINT intercession_prayed_pkey PRIMARY KEY (subject, mark);

ALTER TABLE ONLY church_0000000000000000.intercession_totals
    ADD CONSTRAINT intercession_totals_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY church_0000000000000000.keys_api
    ADD CONSTRAINT keys_api_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.keys_api
    ADD CONSTRAINT keys_api_secret_hash_key UNIQUE (secret_hash);

ALTER TABLE ONLY church_0000000000000000.keys_host
    ADD CONSTRAINT keys_host_kid_key UNIQUE (kid);

ALTER TABLE ONLY church_0000000000000000.keys_host
    ADD CONSTRAINT keys_host_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.links_sent
    ADD CONSTRAINT links_sent_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.links_sent
    ADD CONSTRAINT links_sent_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY church_0000000000000000.messages_messages
    ADD CONSTRAINT messages_messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.messages_messages
    ADD CONSTRAINT messages_messages_room_id_number_key UNIQUE (room_id, number);

ALTER TABLE ONLY church_0000000000000000.messages_voices
    ADD CONSTRAINT messages_voices_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY church_0000000000000000.moderation_cases
    ADD CONSTRAINT moderation_cases_kind_subject_round_key UNIQUE (kind, subject, round);

ALTER TABLE ONLY church_0000000000000000.moderation_cases
    ADD CONSTRAINT moderation_cases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.moderation_notes
    ADD CONSTRAINT moderation_notes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.notes_notes
    ADD CONSTRAINT notes_notes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.phrases_phrases
    ADD CONSTRAINT phrases_phrases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.prayer_flags
    ADD CONSTRAINT prayer_flags_pkey PRIMARY KEY (request_id, round, mark);

ALTER TABLE ONLY church_0000000000000000.prayer_links
    ADD CONSTRAINT prayer_links_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY church_0000000000000000.prayer_requests
    ADD CONSTRAINT prayer_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.prayer_sealed
    ADD CONSTRAINT prayer_sealed_pkey PRIMARY KEY (request_id);

ALTER TABLE ONLY church_0000000000000000.prayer_settings
    ADD CONSTRAINT prayer_settings_pkey PRIMARY KEY (single);

ALTER TABLE ONLY church_0000000000000000.processed
    ADD CONSTRAINT processed_pkey PRIMARY KEY (signal, listener);

ALTER TABLE ONLY church_0000000000000000.reactions_given
    ADD CONSTRAINT reactions_given_pkey PRIMARY KEY (subject, person_id, emoji);

ALTER TABLE ONLY church_0000000000000000.reactions_totals
    ADD CONSTRAINT reactions_totals_pkey PRIMARY KEY (subject, emoji);

ALTER TABLE ONLY church_0000000000000000.replies_replies
    ADD CONSTRAINT replies_replies_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.rooms_members
    ADD CONSTRAINT rooms_members_pkey PRIMARY KEY (room_id, person_id);

ALTER TABLE ONLY church_0000000000000000.rooms_reads
    ADD CONSTRAINT rooms_reads_pkey PRIMARY KEY (person_id, room_id);

ALTER TABLE ONLY church_0000000000000000.rooms_rooms
    ADD CONSTRAINT rooms_rooms_gathering_id_key UNIQUE (gathering_id);

ALTER TABLE ONLY church_0000000000000000.rooms_rooms
    ADD CONSTRAINT rooms_rooms_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.rooms_rooms
    ADD CONSTRAINT rooms_rooms_rehearses_key UNIQUE (rehearses);

ALTER TABLE ONLY church_0000000000000000.rooms_settings
    ADD CONSTRAINT rooms_settings_pkey PRIMARY KEY (single);

ALTER TABLE ONLY church_0000000000000000.rota_presence
    ADD CONSTRAINT rota_presence_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY church_0000000000000000.rota_shifts
    ADD CONSTRAINT rota_shifts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.safety_bans
    ADD CONSTRAINT safety_bans_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.safety_church
    ADD CONSTRAINT safety_church_pkey PRIMARY KEY (single);

ALTER TABLE ONLY church_0000000000000000.safety_marks
    ADD CONSTRAINT safety_marks_pkey PRIMARY KEY (value, ban_id);

ALTER TABLE ONLY church_0000000000000000.safety_restraints
    ADD CONSTRAINT safety_restraints_pkey PRIMARY KEY (person_id, kind);

ALTER TABLE ONLY church_0000000000000000.safety_traces
    ADD CONSTRAINT safety_traces_pkey PRIMARY KEY (person_id, kind, value);

ALTER TABLE ONLY church_0000000000000000.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.topic_events
    ADD CONSTRAINT topic_events_pkey PRIMARY KEY (topic_id, seq);

ALTER TABLE ONLY church_0000000000000000.topics
    ADD CONSTRAINT topics_name_key UNIQUE (name);

ALTER TABLE ONLY church_0000000000000000.topics
    ADD CONSTRAINT topics_pkey PRIMARY KEY (id);

ALTER TABLE ONLY church_0000000000000000.transcripts_sealed
    ADD CONSTRAINT transcripts_sealed_pkey PRIMARY KEY (room_id);

ALTER TABLE ONLY church_0000000000000000.undos_kept
    ADD CONSTRAINT undos_kept_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY church_0000000000000000.widgets_settings
    ADD CONSTRAINT widgets_settings_pkey PRIMARY KEY (single);

CREATE INDEX accounts_people_staff ON church_0000000000000000.accounts_people USING btree (id) WHERE (roles <> '{member}'::text[]);

CREATE INDEX alarms_alarms_open ON church_0000000000000000.alarms_alarms USING btree (raised_at) WHERE (seen_at IS NULL);

CREATE INDEX alarms_alarms_subject ON church_0000000000000000.alarms_alarms USING btree (subject, kind);

CREATE INDEX audit_entries_actor ON church_0000000000000000.audit_entries USING btree (actor_id, seq);

CREATE INDEX audit_entries_subject ON church_0000000000000000.audit_entries USING btree (subject, seq);

CREATE INDEX auth_exchanged_expires ON church_0000000000000000.auth_exchanged USING btree (expires_at);

CREATE INDEX auth_identities_person ON church_0000000000000000.auth_identities USING btree (person_id);

CREATE INDEX blocks_people_blocked ON church_0000000000000000.blocks_people USING btree (blocked_id);

CREATE INDEX care_sessions_asked ON church_0000000000000000.care_sessions USING btree (asked_at, id);

CREATE UNIQUE INDEX care_sessions_open ON church_0000000000000000.care_sessions USING btree (asker_id) WHERE (state = ANY (ARRAY['waiting'::text, 'active'::text]));

CREATE INDEX care_sessions_waiting ON church_0000000000000000.care_sessions USING btree (asked_at, id) WHERE (state = 'waiting'::text);

CREATE INDEX concerns_concerns_open ON church_0000000000000000.concerns_concerns USING btree (at) WHERE (settled_at IS NULL);

CREATE INDEX concerns_concerns_settled ON church_0000000000000000.concerns_concerns USING btree (settled_at) WHERE (settled_at IS NOT NULL);

CREATE INDEX concerns_present_at ON church_0000000000000000.concerns_present USING btree (at);

CREATE INDEX events_gatherings_end ON church_0000000000000000.events_gatherings USING btree (ends_at) WHERE (cancelled_at IS NULL);

CREATE INDEX events_gatherings_start ON church_0000000000000000.events_gatherings USING btree (starts_at, id);

CREATE INDEX followups_tasks_mine ON church_0000000000000000.followups_tasks USING btree (assigned_to, id) WHERE (assigned_to IS NOT NULL);

CREATE INDEX followups_tasks_open ON church_0000000000000000.followups_tasks USING btree (id) WHERE (done_at IS NULL);

CREATE INDEX hosting_reports_open ON church_0000000000000000.hosting_reports USING btree (at) WHERE (decided_at IS NULL);

CREATE INDEX idempotency_keys_at ON church_0000000000000000.idempotency_keys USING btree (at);

CREATE INDEX intercession_followers_person ON church_0000000000000000.intercession_followers USING btree (person_id);

CREATE INDEX intercession_totals_least ON church_0000000000000000.intercession_totals USING btree (prayed);

CREATE INDEX links_sent_email ON church_0000000000000000.links_sent USING btree (email, kind);

CREATE INDEX links_sent_expires ON church_0000000000000000.links_sent USING btree (expires_at);

CREATE INDEX links_sent_person ON church_0000000000000000.links_sent USING btree (person_id);

CREATE INDEX messages_messages_author ON church_0000000000000000.messages_messages USING btree (author_id, created_at);

CREATE INDEX messages_messages_created ON church_0000000000000000.messages_messages USING btree (created_at);

CREATE INDEX messages_messages_pinned ON church_0000000000000000.messages_messages USING btree (room_id, pinned_at) WHERE (pinned_at IS NOT NULL);

CREATE INDEX messages_messages_waiting ON church_0000000000000000.messages_messages USING btree (created_at, id) WHERE (state = ANY (ARRAY['held'::text, 'shadow'::text]));

CREATE INDEX messages_voices_name ON church_0000000000000000.messages_voices USING btree (name_key);

CREATE INDEX moderation_cases_decided ON church_0000000000000000.moderation_cases USING btree (decided_at) WHERE (decided_at IS NOT NULL);

CREATE INDEX moderation_cases_open ON church_0000000000000000.moderation_cases USING btree (team, weight DESC, opened_at, id) WHERE (state = 'open'::text);

CREATE INDEX moderation_cases_opened ON church_0000000000000000.moderation_cases USING btree (opened_at);

CREATE INDEX moderation_notes_case ON church_0000000000000000.moderation_notes USING btree (case_id, at);

CREATE INDEX notes_notes_at ON church_0000000000000000.notes_notes USING btree (at);

CREATE INDEX notes_notes_author ON church_0000000000000000.notes_notes USING btree (author_id, at);

CREATE INDEX notes_notes_unread ON church_0000000000000000.notes_notes USING btree (at, id) WHERE (read_at IS NULL);

CREATE INDEX prayer_flags_open ON church_0000000000000000.prayer_flags USING btree (at);

CREATE INDEX prayer_links_request ON church_0000000000000000.prayer_links USING btree (request_id);

CREATE INDEX prayer_requests_asker ON church_0000000000000000.prayer_requests USING btree (asker_id, created_at) WHERE (asker_id IS NOT NULL);

CREATE INDEX prayer_requests_created ON church_0000000000000000.prayer_requests USING btree (created_at, id);

CREATE INDEX prayer_requests_expires ON church_0000000000000000.prayer_requests USING btree (expires_at) WHERE (state = 'approved'::text);

CREATE INDEX prayer_requests_parts ON church_0000000000000000.prayer_requests USING gin (search extensions.gin_trgm_ops);

CREATE INDEX prayer_requests_waiting ON church_0000000000000000.prayer_requests USING btree (created_at, id) WHERE (state = ANY (ARRAY['held'::text, 'pastor'::text]));

CREATE INDEX prayer_requests_wall ON church_0000000000000000.prayer_requests USING btree (visibility, approved_at DESC, id) WHERE (state = ANY (ARRAY['approved'::text, 'answered'::text]));

CREATE INDEX prayer_requests_words ON church_0000000000000000.prayer_requests USING gin (to_tsvector('simple'::regconfig, search));

CREATE INDEX processed_at ON church_0000000000000000.processed USING btree (at);

CREATE INDEX reactions_given_person ON church_0000000000000000.reactions_given USING btree (person_id);

CREATE INDEX replies_replies_author ON church_0000000000000000.replies_replies USING btree (author_id) WHERE (author_id IS NOT NULL);

CREATE INDEX replies_replies_request ON church_0000000000000000.replies_replies USING btree (request_id, created_at);

CREATE INDEX rooms_members_person ON church_0000000000000000.rooms_members USING btree (person_id);

CREATE INDEX rooms_reads_room ON church_0000000000000000.rooms_reads USING btree (room_id);

CREATE INDEX rooms_rooms_closes ON church_0000000000000000.rooms_rooms USING btree (closes_at) WHERE (archived_at IS NULL);

CREATE INDEX rota_presence_until ON church_0000000000000000.rota_presence USING btree (here_until);

CREATE INDEX rota_shifts_person ON church_0000000000000000.rota_shifts USING btree (person_id);

CREATE INDEX rota_shifts_start ON church_0000000000000000.rota_shifts USING btree (starts_at);

CREATE INDEX safety_bans_person ON church_0000000000000000.safety_bans USING btree (person_id);

CREATE INDEX safety_marks_ban ON church_0000000000000000.safety_marks USING btree (ban_id);

CREATE INDEX safety_restraints_until ON church_0000000000000000.safety_restraints USING btree (until);

CREATE INDEX safety_traces_seen ON church_0000000000000000.safety_traces USING btree (seen_at);

CREATE INDEX sessions_expires ON church_0000000000000000.sessions USING btree (expires_at);

CREATE INDEX sessions_guest ON church_0000000000000000.sessions USING btree (guest_id);

CREATE INDEX sessions_person ON church_0000000000000000.sessions USING btree (person_id, used_at);

CREATE INDEX sessions_site ON church_0000000000000000.sessions USING btree (site) WHERE ((site <> ''::text) AND (ended_at IS NULL));

CREATE INDEX topic_events_at ON church_0000000000000000.topic_events USING btree (at);

CREATE INDEX topic_events_entity ON church_0000000000000000.topic_events USING btree (topic_id, entity);

CREATE INDEX undos_kept_at ON church_0000000000000000.undos_kept USING btree (at);

ALTER TABLE ONLY church_0000000000000000.auth_identities
    ADD CONSTRAINT auth_identities_person_id_fkey FOREIGN KEY (person_id) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.factors_recovery
    ADD CONSTRAINT factors_recovery_person_id_fkey FOREIGN KEY (person_id) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.factors_totp
    ADD CONSTRAINT factors_totp_person_id_fkey FOREIGN KEY (person_id) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.guests
    ADD CONSTRAINT guests_person_id_fkey FOREIGN KEY (person_id) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE SET NULL;

ALTER TABLE ONLY church_0000000000000000.hosting_reports
    ADD CONSTRAINT hosting_reports_message_id_fkey FOREIGN KEY (message_id) REFERENCES church_0000000000000000.messages_messages(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.keys_api
    ADD CONSTRAINT keys_api_created_by_fkey FOREIGN KEY (created_by) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE SET NULL;

ALTER TABLE ONLY church_0000000000000000.keys_host
    ADD CONSTRAINT keys_host_created_by_fkey FOREIGN KEY (created_by) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE SET NULL;

ALTER TABLE ONLY church_0000000000000000.links_sent
    ADD CONSTRAINT links_sent_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.links_sent
    ADD CONSTRAINT links_sent_person_id_fkey FOREIGN KEY (person_id) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.moderation_notes
    ADD CONSTRAINT moderation_notes_case_id_fkey FOREIGN KEY (case_id) REFERENCES church_0000000000000000.moderation_cases(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.notes_notes
    ADD CONSTRAINT notes_notes_room_id_fkey FOREIGN KEY (room_id) REFERENCES church_0000000000000000.rooms_rooms(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.prayer_flags
    ADD CONSTRAINT prayer_flags_request_id_fkey FOREIGN KEY (request_id) REFERENCES church_0000000000000000.prayer_requests(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.prayer_links
    ADD CONSTRAINT prayer_links_request_id_fkey FOREIGN KEY (request_id) REFERENCES church_0000000000000000.prayer_requests(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.prayer_sealed
    ADD CONSTRAINT prayer_sealed_request_id_fkey FOREIGN KEY (request_id) REFERENCES church_0000000000000000.prayer_requests(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.rooms_members
    ADD CONSTRAINT rooms_members_room_id_fkey FOREIGN KEY (room_id) REFERENCES church_0000000000000000.rooms_rooms(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.rooms_reads
    ADD CONSTRAINT rooms_reads_room_id_fkey FOREIGN KEY (room_id) REFERENCES church_0000000000000000.rooms_rooms(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.safety_marks
    ADD CONSTRAINT safety_marks_ban_id_fkey FOREIGN KEY (ban_id) REFERENCES church_0000000000000000.safety_bans(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.sessions
    ADD CONSTRAINT sessions_guest_id_fkey FOREIGN KEY (guest_id) REFERENCES church_0000000000000000.guests(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.sessions
    ADD CONSTRAINT sessions_person_id_fkey FOREIGN KEY (person_id) REFERENCES church_0000000000000000.accounts_people(id) ON DELETE CASCADE;

ALTER TABLE ONLY church_0000000000000000.topic_events
    ADD CONSTRAINT topic_events_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES church_0000000000000000.topics(id);

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.accounts_people TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.alarms_alarms TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.alembic_version TO church_0000000000000000;

GRANT SELECT,INSERT ON TABLE church_0000000000000000.audit_entries TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.auth_exchanged TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.auth_identities TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.blocks_people TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.care_sessions TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.care_settings TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.concerns_concerns TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.concerns_present TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.events_gatherings TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.factors_recovery TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.factors_totp TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.followups_tasks TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.guests TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.hosting_reports TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.idempotency_keys TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.intercession_followers TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.intercession_prayed TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.intercession_totals TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.keys_api TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.keys_host TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.links_sent TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.messages_messages TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.messages_voices TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.moderation_cases TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.moderation_notes TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.notes_notes TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.phrases_phrases TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.prayer_flags TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.prayer_links TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.prayer_requests TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.prayer_sealed TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.prayer_settings TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.processed TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.reactions_given TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.reactions_totals TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.replies_replies TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.rooms_members TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.rooms_reads TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.rooms_rooms TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.rooms_settings TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.rota_presence TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.rota_shifts TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.safety_bans TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.safety_church TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.safety_marks TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.safety_restraints TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.safety_traces TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.sessions TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.topic_events TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.topics TO church_0000000000000000;

GRANT USAGE ON SEQUENCE church_0000000000000000.topics_id_seq TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.transcripts_sealed TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.undos_kept TO church_0000000000000000;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE church_0000000000000000.widgets_settings TO church_0000000000000000;

ALTER DEFAULT PRIVILEGES FOR ROLE narthex_owner IN SCHEMA church_0000000000000000 GRANT USAGE ON SEQUENCES TO church_0000000000000000;

ALTER DEFAULT PRIVILEGES FOR ROLE narthex_owner IN SCHEMA church_0000000000000000 GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES TO church_0000000000000000;

INSERT INTO church_0000000000000000.alembic_version (version_num) VALUES ('0027');
