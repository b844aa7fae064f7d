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

CREATE TABLE messages (
    account_id     TEXT NOT NULL,
    id             TEXT NOT NULL,
    source_id      TEXT NOT NULL,
    number_id      TEXT NOT NULL,
    recipient_kind TEXT NOT NULL,
    recipient      TEXT NOT NULL,
    content        TEXT NOT NULL,
    api_header     TEXT NOT NULL,
    status         TEXT NOT NULL,
    wamid          TEXT NOT NULL DEFAULT '',
    attempt        INTEGER NOT NULL DEFAULT 0,
    refusals       INTEGER NOT NULL DEFAULT 0, -- answers that it may get only so often
    accepted_at    BIGINT NOT NULL,
    ttl            BIGINT NOT NULL, -- microseconds after accepted_at; 0: for ever
    claim          INTEGER NOT NULL DEFAULT 0,
    claimed        INTEGER NOT NULL DEFAULT 0,
    due_at         BIGINT NOT NULL,
    behind         INTEGER NOT NULL, -- 1: it is not yet its turn; see turns.go
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX messages_due ON messages (due_at) WHERE status = 'accepted' AND behind = 0;
CREATE INDEX messages_turn ON messages (number_id, recipient, id) WHERE status IN ('accepted', 'dispatched');
CREATE INDEX messages_dispatched ON messages (due_at) WHERE status = 'dispatched';
CREATE INDEX messages_wamid ON messages (account_id, wamid) WHERE wamid <> '';

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

-- Statuses whose message is not known, or not known yet.
CREATE TABLE parked_statuses (
    account_id TEXT NOT NULL,
    wamid      TEXT NOT NULL,
    fact       TEXT NOT NULL,
    parked_at  BIGINT NOT NULL,
    data       TEXT NOT NULL,
    PRIMARY KEY (account_id, wamid, fact)
) WITHOUT ROWID;

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

-- When a person or group last wrote to a number.
CREATE TABLE windows (
    account_id TEXT NOT NULL,
    number_id  TEXT NOT NULL,
    contact    TEXT NOT NULL,
    wrote_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, number_id, contact)
) WITHOUT ROWID;

-- What holds for a person now. records counts the person's lines in the ledger.
CREATE TABLE consents (
    account_id   TEXT NOT NULL,
    person       TEXT NOT NULL,
    records      INTEGER NOT NULL,
    state        TEXT NOT NULL, -- none, in, out
    blocked      INTEGER NOT NULL,
    optin        INTEGER NOT NULL, -- seq of the record that the state in rests on, else 0
    opted_out_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, person)
) WITHOUT ROWID;

-- The ledger. Rows are only ever added.
CREATE TABLE consent_records (
    account_id TEXT NOT NULL,
    person     TEXT NOT NULL,
    seq        INTEGER NOT NULL, -- the person's records, from 1
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
    attempts    INTEGER NOT NULL DEFAULT 0,
    claim       INTEGER NOT NULL DEFAULT 0,
    claimed     INTEGER NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX media_due ON media (due_at) WHERE state = 'pending';
CREATE INDEX media_sha256 ON media (sha256) WHERE sha256 <> '';

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
