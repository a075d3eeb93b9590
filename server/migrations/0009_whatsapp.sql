-- Templates of an account, as its provider last said.
CREATE TABLE templates (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    -- JSON: those that are approved.
    list TEXT NOT NULL,
    -- JSON: whether that is all, or why not.
    known TEXT NOT NULL,
    -- When the provider is asked again.
    due BIGINT NOT NULL
);
CREATE INDEX templates_due ON templates (due);

-- People of whom nothing is taken any more but into a chat that is open (`docs/domain.md#blacklist`): each of their
-- ids.
CREATE TABLE blacklist (
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    -- The name at that time.
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    blocked_by TEXT NOT NULL,
    blocked_at BIGINT NOT NULL,
    -- Messages that were dropped since.
    dropped BIGINT NOT NULL,
    PRIMARY KEY (channel, external_id)
);
