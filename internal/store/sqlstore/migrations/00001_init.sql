-- Times are integer microseconds UTC, ids are text, JSON is text. account_id
-- leads every primary key, so that a database that shards can shard by
-- account. Every table is WITHOUT ROWID: the primary key is the table, and ids
-- are time-ordered, so inserts go to its end.
--
-- claim, claimed and due_at make a row its own job: a claim raises claim, sets
-- claimed and moves due_at to the end of the lease, so that a row whose worker
-- died comes due again by itself.

-- +goose Up
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE tokens (
    account_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    hint       TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

CREATE TABLE sources (
    account_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    number_id  TEXT NOT NULL,
    waba_id    TEXT NOT NULL,
    display    TEXT NOT NULL,
    token      BLOB NOT NULL, -- encrypted
    app_secret BLOB NOT NULL, -- encrypted
    is_default INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    skip_optin INTEGER NOT NULL,
    stop_words TEXT NOT NULL, -- JSON; null: the usual ones
    start_words TEXT NOT NULL,
    uncertain   TEXT NOT NULL, -- JSON: category to policy
    throughput  INTEGER NOT NULL, -- 0: what Meta says
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX sources_number ON sources (number_id);
CREATE INDEX sources_waba ON sources (waba_id);
CREATE UNIQUE INDEX sources_default ON sources (account_id) WHERE is_default = 1;

CREATE TABLE endpoints (
    account_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    source_id  TEXT NOT NULL, -- '': all sources
    name       TEXT NOT NULL,
    url        TEXT NOT NULL,
    headers    BLOB NOT NULL, -- encrypted
    disabled   INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind, name),
    UNIQUE (account_id, id)
) WITHOUT ROWID;
CREATE INDEX endpoints_disabled ON endpoints (id) WHERE disabled = 1;

-- Where messages wait: a queue for what is urgent and one for the rest, for each
-- number of an account that was ever sent from.
CREATE TABLE queues (
    account_id TEXT NOT NULL,
    number_id  TEXT NOT NULL,
    urgency    TEXT NOT NULL, -- urgent, bulk
    id         INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (account_id, number_id, urgency)
) WITHOUT ROWID;

CREATE TABLE messages (
    account_id     TEXT NOT NULL,
    id             TEXT NOT NULL,
    source_id      TEXT NOT NULL,
    number_id      TEXT NOT NULL,
    recipient_kind TEXT NOT NULL,
    recipient      TEXT NOT NULL,
    person         TEXT NOT NULL, -- whom recipient names; see persons.go
    content        TEXT NOT NULL,
    reply_to       TEXT NOT NULL, -- a wamid, or ''
    category       TEXT NOT NULL,
    api_header     TEXT NOT NULL,
    status         TEXT NOT NULL,
    wamid          TEXT NOT NULL DEFAULT '',
    attempt        INTEGER NOT NULL DEFAULT 0,
    slowed         INTEGER NOT NULL DEFAULT 0, -- attempts that were only too fast
    refusals       INTEGER NOT NULL DEFAULT 0, -- answers that it may get only so often
    dispatched_at  BIGINT NOT NULL DEFAULT 0, -- when the last attempt was begun
    duplicated     INTEGER NOT NULL DEFAULT 0, -- 1: Meta took it twice
    accepted_at    BIGINT NOT NULL,
    ttl            BIGINT NOT NULL, -- microseconds after accepted_at; 0: for ever
    claim          INTEGER NOT NULL DEFAULT 0,
    claimed        INTEGER NOT NULL DEFAULT 0,
    due_at         BIGINT NOT NULL,
    queue          INTEGER NOT NULL, -- queues.id
    turn           INTEGER NOT NULL, -- 0 behind somebody, 1 has its turn, 2 lets others pass; see turns.go
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX messages_due ON messages (queue, due_at) WHERE status = 'accepted' AND turn <> 0;
CREATE INDEX messages_turn ON messages (queue, person, turn, id) WHERE status IN ('accepted', 'dispatched');
CREATE INDEX messages_expiring ON messages ((accepted_at + ttl)) WHERE status = 'accepted' AND ttl > 0 AND claimed = 0;
CREATE INDEX messages_dispatched ON messages (due_at) WHERE status = 'dispatched';
CREATE INDEX messages_uncertain ON messages (due_at) WHERE status = 'uncertain';
CREATE INDEX messages_duplicated ON messages (account_id) WHERE duplicated = 1;
CREATE INDEX messages_wamid ON messages (account_id, wamid) WHERE wamid <> '';

-- The attempts that were begun, written when they are settled, or when a status
-- names one that is under way: then it has no outcome yet.
CREATE TABLE attempts (
    account_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    number_id  TEXT NOT NULL,
    person     TEXT NOT NULL,
    began_at   BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    outcome    TEXT NOT NULL,
    wamid      TEXT NOT NULL,
    failure    TEXT NOT NULL, -- JSON, or ''
    trace      TEXT NOT NULL,
    soon       INTEGER NOT NULL, -- 1: a status comes soon or never
    held       TEXT NOT NULL, -- Meta's word for what it took and holds back, or ''
    PRIMARY KEY (account_id, message_id, attempt)
) WITHOUT ROWID;
CREATE INDEX attempts_began ON attempts (began_at);
CREATE INDEX attempts_wamid ON attempts (account_id, wamid) WHERE wamid <> '';
-- Meta may have a message of these that we cannot name.
CREATE INDEX attempts_unnamed ON attempts (number_id, began_at) WHERE wamid = '' AND outcome IN ('unknown', 'sent');

-- What an account knows of its numbers.
CREATE TABLE numbers (
    account_id  TEXT NOT NULL,
    number_id   TEXT NOT NULL,
    throughput  INTEGER NOT NULL DEFAULT 0,
    tier        TEXT NOT NULL DEFAULT '',
    quality     TEXT NOT NULL DEFAULT '',
    status      TEXT NOT NULL DEFAULT '',
    name        TEXT NOT NULL DEFAULT '',
    name_status TEXT NOT NULL DEFAULT '',
    coexistence INTEGER NOT NULL DEFAULT 0,
    proven_at   BIGINT NOT NULL DEFAULT 0, -- the latest dispatch of which a status has come
    heard_at    BIGINT NOT NULL DEFAULT 0, -- when the last callback came that was about it
    read_at     BIGINT NOT NULL DEFAULT 0,
    told_at     BIGINT NOT NULL DEFAULT 0,
    told        TEXT NOT NULL DEFAULT '', -- JSON: what callbacks last said of each column, and when; see notices.go
    -- The job of reading it from Meta; see template_syncs.
    rest_until  BIGINT NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    claim       INTEGER NOT NULL DEFAULT 0,
    claimed     INTEGER NOT NULL DEFAULT 0,
    again       INTEGER NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, number_id)
) WITHOUT ROWID;
CREATE INDEX numbers_due ON numbers (due_at);

-- An event is one fact about one subject: a status of a message (subject is
-- the message id), or an inbound message (subject is its wamid). The unique
-- key is what makes a repeated callback change nothing.
CREATE TABLE events (
    account_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    fact       TEXT NOT NULL,
    message_id TEXT NOT NULL,
    at         BIGINT NOT NULL,
    data       TEXT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, subject, fact)
) WITHOUT ROWID;
CREATE INDEX events_notices ON events (account_id, id) WHERE kind = 'notice';

-- Statuses whose message is not known, or not known yet. What has waited for too
-- long is found by its age.
CREATE TABLE parked_statuses (
    account_id TEXT NOT NULL,
    wamid      TEXT NOT NULL,
    fact       TEXT NOT NULL,
    parked_at  BIGINT NOT NULL,
    data       TEXT NOT NULL,
    PRIMARY KEY (account_id, wamid, fact)
) WITHOUT ROWID;
CREATE INDEX parked_statuses_age ON parked_statuses (account_id, parked_at);

CREATE TABLE deliveries (
    account_id  TEXT NOT NULL,
    id          TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    state       TEXT NOT NULL, -- due, done, dead
    attempts    INTEGER NOT NULL DEFAULT 0,
    last_status INTEGER NOT NULL DEFAULT 0,
    last_reason TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    settled_at  BIGINT NOT NULL DEFAULT 0,
    claim       INTEGER NOT NULL DEFAULT 0,
    claimed     INTEGER NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (endpoint_id, due_at) WHERE state = 'due';

-- A callback may speak of numbers of several accounts, so it belongs to none.
CREATE TABLE callbacks (
    id          TEXT NOT NULL PRIMARY KEY,
    received_at BIGINT NOT NULL,
    body        BLOB NOT NULL,
    signature   TEXT NOT NULL,
    state       TEXT NOT NULL, -- new, done, parked
    reason      TEXT NOT NULL DEFAULT '',
    attempts    INTEGER NOT NULL DEFAULT 0,
    claim       INTEGER NOT NULL DEFAULT 0,
    claimed     INTEGER NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX callbacks_due ON callbacks (due_at) WHERE state = 'new';
CREATE INDEX callbacks_unapplied ON callbacks (received_at) WHERE state = 'new';
CREATE INDEX callbacks_parked ON callbacks (id) WHERE state = 'parked';

-- Which ids are known to be one person's; see persons.go. An id that is not
-- here is a person by itself, of the same name.
CREATE TABLE person_ids (
    account_id TEXT NOT NULL,
    id         TEXT NOT NULL, -- a number as by wa.ContactKey, or a user id
    person     TEXT NOT NULL,
    kind       TEXT NOT NULL, -- phone, user_id, parent_user_id
    told       TEXT NOT NULL, -- the id as Meta wrote it
    told_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX person_ids_person ON person_ids (person);

-- What people call themselves.
CREATE TABLE persons (
    account_id TEXT NOT NULL,
    person     TEXT NOT NULL,
    name       TEXT NOT NULL,
    username   TEXT NOT NULL,
    named_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, person)
) WITHOUT ROWID;

-- Persons with lines in the ledger who turned out to be another.
CREATE TABLE person_aliases (
    account_id TEXT NOT NULL,
    alias      TEXT NOT NULL,
    person     TEXT NOT NULL,
    PRIMARY KEY (account_id, alias)
) WITHOUT ROWID;
CREATE INDEX person_aliases_person ON person_aliases (person);

-- Whose a number was until he left it: what is told late of the time before is
-- about that person.
CREATE TABLE person_moves (
    account_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    left_at    BIGINT NOT NULL,
    person     TEXT NOT NULL,
    number     TEXT NOT NULL, -- as Meta wrote it
    wamid      TEXT NOT NULL, -- of the notice
    PRIMARY KEY (account_id, id, left_at)
) WITHOUT ROWID;
CREATE INDEX person_moves_person ON person_moves (person);

-- When a person or group last wrote to a number.
CREATE TABLE windows (
    account_id TEXT NOT NULL,
    contact    TEXT NOT NULL, -- a person, or a group's id
    number_id  TEXT NOT NULL,
    wrote_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, contact, number_id)
) WITHOUT ROWID;

-- What holds for a person now.
CREATE TABLE consents (
    account_id   TEXT NOT NULL,
    person       TEXT NOT NULL,
    state        TEXT NOT NULL, -- none, in, out
    blocked      INTEGER NOT NULL,
    optin        INTEGER NOT NULL, -- seq of the record that the state in rests on, else 0
    opted_in_at  BIGINT NOT NULL, -- of opt-ins that were left out too
    opted_out_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, person)
) WITHOUT ROWID;

-- The ledger. Rows are only ever added.
CREATE TABLE consent_records (
    account_id TEXT NOT NULL,
    person     TEXT NOT NULL, -- who it was then; see person_aliases
    seq        INTEGER NOT NULL, -- the account's records, from 1
    id         TEXT NOT NULL,
    number     TEXT NOT NULL, -- as it was given
    kind       TEXT NOT NULL, -- optin, optout, blocklist, whitelist
    source     TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    ip         TEXT NOT NULL,
    text       TEXT NOT NULL,
    wamid      TEXT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (account_id, person, seq),
    UNIQUE (account_id, seq),
    UNIQUE (account_id, id)
) WITHOUT ROWID;

CREATE TABLE media (
    account_id  TEXT NOT NULL,
    id          TEXT NOT NULL,
    state       TEXT NOT NULL, -- ready, pending, lost
    kind        TEXT NOT NULL,
    mime_type   TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    size        BIGINT NOT NULL,
    filename    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    meta_id     TEXT NOT NULL DEFAULT '',
    number_id   TEXT NOT NULL DEFAULT '',
    meta_sha256 TEXT NOT NULL DEFAULT '',
    wamid       TEXT NOT NULL DEFAULT '', -- the message that it came with
    link_hash   TEXT NOT NULL DEFAULT '', -- the address that it was fetched from
    link_at     BIGINT NOT NULL DEFAULT 0, -- when the address last gave it; 0: it is not to stand for it
    attempts    INTEGER NOT NULL DEFAULT 0,
    claim       INTEGER NOT NULL DEFAULT 0,
    claimed     INTEGER NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX media_due ON media (due_at) WHERE state = 'pending';
CREATE INDEX media_sha256 ON media (sha256) WHERE sha256 <> '';
CREATE INDEX media_link ON media (link_hash, link_at) WHERE link_hash <> '';
CREATE INDEX media_link_at ON media (link_at) WHERE link_hash <> '';

CREATE TABLE meta_uploads (
    account_id TEXT NOT NULL,
    number_id  TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    mime_type  TEXT NOT NULL,
    meta_id    TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, number_id, sha256, mime_type)
) WITHOUT ROWID;

-- The copies of Meta's templates. kind is what the components show.
CREATE TABLE templates (
    account_id TEXT NOT NULL,
    waba_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    language   TEXT NOT NULL,
    meta_id    TEXT NOT NULL,
    category   TEXT NOT NULL,
    status     TEXT NOT NULL,
    quality    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    components TEXT NOT NULL,
    definition TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    told       TEXT NOT NULL DEFAULT '', -- as in numbers
    PRIMARY KEY (account_id, waba_id, name, language)
) WITHOUT ROWID;
CREATE INDEX templates_meta_id ON templates (meta_id);

-- A list that was begun before fresh_from is out of date. Nothing makes a job due before rest_until. again: it was made due
-- while it was claimed.
CREATE TABLE template_syncs (
    account_id TEXT NOT NULL,
    waba_id    TEXT NOT NULL,
    synced_at  BIGINT NOT NULL DEFAULT 0,
    fresh_from BIGINT NOT NULL DEFAULT 0,
    rest_until BIGINT NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    claim      INTEGER NOT NULL DEFAULT 0,
    claimed    INTEGER NOT NULL DEFAULT 0,
    again      INTEGER NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, waba_id)
) WITHOUT ROWID;
CREATE INDEX template_syncs_due ON template_syncs (due_at);
