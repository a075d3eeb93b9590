-- When each side last reacted to a message, JSON: a reaction that is delivered again later changes nothing.
ALTER TABLE messages ADD COLUMN reacted TEXT;

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
