-- Part 3: routing's settings, departments, the audit log, notifications.

ALTER TABLE inboxes ADD COLUMN overflow TEXT;
-- JSON; NULL: off.
ALTER TABLE inboxes ADD COLUMN inactivity TEXT;
-- JSON; NULL: always open.
ALTER TABLE inboxes ADD COLUMN hours TEXT;
-- JSON; inboxes that overflowed and brought the chat here since a person last chose its inbox.
ALTER TABLE conversations ADD COLUMN overflowed TEXT NOT NULL DEFAULT '[]';
-- Grows with every change of the settings: two people who edit at once are told.
ALTER TABLE inboxes ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- A deleted inbox keeps its history; nothing else of it is shown.
ALTER TABLE inboxes ADD COLUMN deleted_at BIGINT;
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Its members are those of its inbox.
CREATE TABLE departments (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    inbox_id TEXT NOT NULL UNIQUE REFERENCES inboxes (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Every change of a setting. Names as they were, so that the log stays readable.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- JSON: field, before, after.
    changes TEXT NOT NULL
);

-- A user's own notifications, JSON.
CREATE TABLE notify_preferences (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    value TEXT NOT NULL
);

-- One a device; it ends with its session.
CREATE TABLE push_subscriptions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    session_id TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    device TEXT NOT NULL,
    -- Of its texts, e.g. en.
    lang TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id);
CREATE INDEX push_subscriptions_by_session ON push_subscriptions (session_id);

-- Metadata only: which push went where and what the service said.
CREATE TABLE push_log (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    device TEXT NOT NULL,
    status BIGINT NOT NULL,
    problem TEXT NOT NULL
);
CREATE INDEX push_log_by_user ON push_log (user_id, id);

-- The folder All: open chats of an inbox, by last activity.
CREATE INDEX conversations_all ON conversations (inbox_id, active_at DESC, id) WHERE ended_at IS NULL;
-- Counted anew at the start, with the new folder.
DELETE FROM tallies;
