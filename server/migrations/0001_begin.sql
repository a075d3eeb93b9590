-- One dialect for SQLite and PostgreSQL: TEXT, BIGINT, BYTEA; times are milliseconds since the Unix epoch;
-- ids are ULIDs in their text form; columns that hold a structure are JSON in TEXT.

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Numbers without gaps: taking one locks the row until the transaction ends, so the order of the numbers
-- is the order of the commits.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('feed', 0), ('conversation', 1000);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    grants TEXT NOT NULL,
    password TEXT,
    active BIGINT NOT NULL,
    availability TEXT NOT NULL,
    connected BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    load BIGINT NOT NULL,
    idle_since BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    ip TEXT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE links (
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE inboxes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    mode TEXT NOT NULL,
    accept_secs BIGINT NOT NULL,
    queue_secs BIGINT NOT NULL
);

CREATE TABLE members (
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    capacity BIGINT NOT NULL,
    load BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    enabled BIGINT NOT NULL,
    config TEXT NOT NULL
);

CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE identities (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    external_id TEXT NOT NULL,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (account_id, external_id)
);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    channel TEXT NOT NULL,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    contact_name TEXT NOT NULL,
    contact_since BIGINT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    -- Who has it: offered to or assigned to, the old agent while transferring.
    agent_id TEXT,
    -- Who is asked: the agent of an offer, the receiver of a transfer.
    asked_id TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    waiting_since BIGINT NOT NULL,
    ring_due BIGINT,
    ring_total BIGINT,
    active_at BIGINT NOT NULL,
    ended_at BIGINT,
    preview TEXT,
    unread BIGINT NOT NULL,
    position BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    online BIGINT NOT NULL,
    origin TEXT NOT NULL,
    segment BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX conversations_by_inbox ON conversations (inbox_id, status, waiting_since);
CREATE INDEX conversations_by_end ON conversations (inbox_id, ended_at);
CREATE INDEX conversations_by_agent ON conversations (agent_id, status);
CREATE INDEX conversations_by_asked ON conversations (asked_id, status);
CREATE INDEX conversations_by_contact ON conversations (contact_id, created_at);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    position BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    delivery TEXT NOT NULL,
    reason TEXT,
    files TEXT NOT NULL,
    -- The visitor's own id of the message, to remove duplicates.
    contact_id TEXT,
    cid TEXT,
    seq BIGINT NOT NULL,
    UNIQUE (conversation_id, position),
    UNIQUE (contact_id, cid)
);
CREATE INDEX messages_by_seq ON messages (conversation_id, seq);

CREATE TABLE journey (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    cause TEXT NOT NULL,
    user_id TEXT,
    state TEXT NOT NULL,
    position BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, version)
);

-- Who was asked in the current round of offers of a waiting chat.
CREATE TABLE asked (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_id TEXT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE TABLE timers (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Version of the conversation that the timer belongs to; a timer of another version does nothing.
    fence BIGINT NOT NULL,
    due BIGINT NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX timers_by_due ON timers (due);

CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    sealed BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    snapshot BYTEA,
    snapshot_seq BIGINT NOT NULL
);

-- One row a push: its changes as the gate admitted them.
CREATE TABLE changes (
    document_id TEXT NOT NULL REFERENCES documents (id),
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    intent TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (document_id, epoch, seq),
    UNIQUE (document_id, intent)
);

-- Which user and device an actor is bound to; without a user it is the server's own.
CREATE TABLE actors (
    document_id TEXT NOT NULL REFERENCES documents (id),
    epoch BIGINT NOT NULL,
    actor TEXT NOT NULL,
    user_id TEXT,
    device_id TEXT,
    seq BIGINT NOT NULL,
    max_op BIGINT NOT NULL,
    PRIMARY KEY (document_id, epoch, actor)
);

CREATE TABLE feed (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    row_id TEXT NOT NULL,
    before TEXT,
    after TEXT
);

CREATE TABLE files (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- Who uploaded it; exactly one is set.
    user_id TEXT,
    contact_id TEXT,
    -- Set when a message carries it.
    conversation_id TEXT,
    created_at BIGINT NOT NULL
);
