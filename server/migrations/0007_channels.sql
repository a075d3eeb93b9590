-- Part 4: channels other than the web.

-- What a channel adds to a message, JSON; NULL: nothing.
ALTER TABLE messages ADD COLUMN extra TEXT;
-- The message that it answers.
ALTER TABLE messages ADD COLUMN reply_to TEXT;

-- What the adapters need of an account. Secrets are encrypted with the key in the data folder.
ALTER TABLE accounts ADD COLUMN external_id TEXT;
ALTER TABLE accounts ADD COLUMN secrets TEXT;
-- JSON: last webhook, state of the token, last errors, templates.
ALTER TABLE accounts ADD COLUMN health TEXT;
ALTER TABLE accounts ADD COLUMN removed_at BIGINT;
CREATE UNIQUE INDEX accounts_by_external ON accounts (channel, external_id) WHERE external_id IS NOT NULL;

-- Posts under which people comment.
CREATE TABLE posts (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    external_id TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, external_id)
);

ALTER TABLE conversations ADD COLUMN post_id TEXT;
-- JSON of the post's brief, as the list shows it.
ALTER TABLE conversations ADD COLUMN post TEXT;
-- The top-level comment whose thread it is.
ALTER TABLE conversations ADD COLUMN thread TEXT;
-- When the channel's window closes.
ALTER TABLE conversations ADD COLUMN closes_at BIGINT;
-- The provider's id of the person that answers go to.
ALTER TABLE conversations ADD COLUMN answers_to TEXT;
-- The thread of comments whose private reply began it.
ALTER TABLE conversations ADD COLUMN sprung_from TEXT;
CREATE INDEX conversations_by_thread ON conversations (account_id, thread) WHERE thread IS NOT NULL;
CREATE INDEX conversations_by_post ON conversations (post_id) WHERE post_id IS NOT NULL;

-- The ids that providers gave to messages. A message that went out in several parts has several.
CREATE TABLE provider_messages (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    external_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    outgoing BIGINT NOT NULL,
    -- What it quotes, as the provider says it.
    quoted TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, external_id)
);
CREATE INDEX provider_messages_by_message ON provider_messages (message_id);

-- Bodies of webhooks, stored before they are answered; processed in order, kept for 7 days.
CREATE TABLE raw_events (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    -- 0 waiting, 1 done, 2 set aside.
    state BIGINT NOT NULL,
    problem TEXT
);
CREATE INDEX raw_events_waiting ON raw_events (id) WHERE state = 0;
CREATE INDEX raw_events_by_time ON raw_events (received_at);

-- Statuses, reactions, edits that came before what they are about; kept for an hour.
CREATE TABLE early_events (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    element TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX early_events_by_target ON early_events (account_id, external_id);

-- Messages on their way to a provider, in order within a conversation.
CREATE TABLE outbox (
    message_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    conversation_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    -- 0 waiting, 1 being sent, 2 settled, 3 unconfirmed, 4 failed.
    state BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due BIGINT NOT NULL,
    -- Grows with every taking, so that a node that was slow cannot settle what another one took.
    fence BIGINT NOT NULL,
    -- JSON: the parts and how far they came.
    parts TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due) WHERE state = 0;
CREATE INDEX outbox_by_conversation ON outbox (conversation_id, position);
