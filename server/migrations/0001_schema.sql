-- The schema, in one dialect for SQLite and PostgreSQL: TEXT, BIGINT, BYTEA. Times are milliseconds since the Unix
-- epoch, ids are ULIDs in their text form, columns that hold a structure are JSON in TEXT, and yes or no is 1 or 0.
--
-- Every statement has its index. A state that a partial index names is a literal in the statement too: only then do
-- both engines use the index.

-- # Settings of the installation, and its counters

-- Values of the installation that have no table of their own, by name.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Numbers without gaps. Taking one locks the row until the transaction ends, so the order of the numbers is the order
-- of the commits.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('feed', 0), ('conversation', 1000);

-- # Users, their sign-ins and what they are told

-- People of the company who sign in.
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
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

-- Sign-ins.
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
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- One-time links: invitations and password resets.
CREATE TABLE links (
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX links_unused ON links (user_id) WHERE used_at IS NULL;

-- Which node has sockets of which user. A node that stopped leaves its rows behind.
CREATE TABLE leases (
    node BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (node, user_id)
);
CREATE INDEX leases_by_user ON leases (user_id);

-- The notification preferences of each user, JSON.
CREATE TABLE notify_preferences (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    value TEXT NOT NULL
);

-- Browsers that get web pushes, one row a device. A subscription ends with its session.
CREATE TABLE push_subscriptions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    session_id TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    device TEXT NOT NULL,
    -- Language of the push's texts, e.g. en.
    lang TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id);
CREATE INDEX push_subscriptions_by_session ON push_subscriptions (session_id);

-- The last pushes of each user: metadata only.
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

-- # Inboxes, members, departments and messaging accounts

-- Units of routing and visibility.
CREATE TABLE inboxes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    mode TEXT NOT NULL,
    accept_secs BIGINT NOT NULL,
    queue_secs BIGINT NOT NULL,
    -- The inbox that gets chats whose queue timer ends.
    overflow TEXT,
    -- JSON; NULL: off.
    inactivity TEXT,
    -- JSON; NULL: always open.
    hours TEXT,
    -- Grows with every change of the settings, so that of two users who edit at once the second is told.
    version BIGINT NOT NULL DEFAULT 1,
    -- A deleted inbox keeps its history and is shown nowhere else.
    deleted_at BIGINT
);

-- Users who handle an inbox's chats.
CREATE TABLE members (
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    capacity BIGINT NOT NULL,
    load BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

-- Names for an inbox and its members.
CREATE TABLE departments (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    inbox_id TEXT NOT NULL UNIQUE REFERENCES inboxes (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Messaging accounts: the lines that the company owns on its channels.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    inbox_id TEXT NOT NULL REFERENCES inboxes (id),
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    enabled BIGINT NOT NULL,
    config TEXT NOT NULL,
    -- The provider's id of the account.
    external_id TEXT,
    -- Encrypted with the key in the data folder.
    secrets TEXT,
    -- JSON: last webhook, state of the token, last errors, templates.
    health TEXT,
    removed_at BIGINT
);
CREATE UNIQUE INDEX accounts_by_external ON accounts (channel, external_id) WHERE external_id IS NOT NULL;

-- Templates of an account, as its provider last said.
CREATE TABLE templates (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    -- JSON: the approved templates.
    list TEXT NOT NULL,
    -- JSON: whether the list is complete, or why not.
    known TEXT NOT NULL,
    -- When the provider is asked again.
    due BIGINT NOT NULL
);
CREATE INDEX templates_due ON templates (due);

-- Every change of a setting, with the names of that time, so that the log stays readable.
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

-- # Contacts and visitors

-- People who write to the company.
CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    created_at BIGINT NOT NULL
);

-- The ids of contacts on messaging accounts.
CREATE TABLE identities (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    external_id TEXT NOT NULL,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (account_id, external_id)
);
CREATE INDEX identities_by_contact ON identities (contact_id, account_id);

-- Contacts that are one person: each row says which other contact this one is shown with. Nothing is copied, so
-- deleting the row undoes it (`docs/domain.md#merged-contacts`). `with_id` never has a row itself.
CREATE TABLE merges (
    contact_id TEXT NOT NULL PRIMARY KEY REFERENCES contacts (id),
    with_id TEXT NOT NULL REFERENCES contacts (id),
    user_id TEXT NOT NULL,
    merged_at BIGINT NOT NULL
);
CREATE INDEX merges_by_other ON merges (with_id);

-- The ids of blocked contacts, whose messages are dropped unless they belong to an open chat
-- (`docs/domain.md#blacklist`).
CREATE TABLE blacklist (
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    -- The contact's name at that time.
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    blocked_by TEXT NOT NULL,
    blocked_at BIGINT NOT NULL,
    -- Number of messages dropped since.
    dropped BIGINT NOT NULL,
    PRIMARY KEY (channel, external_id)
);
CREATE INDEX blacklist_by_contact ON blacklist (contact_id);

-- Which node has sockets of which visitor. A node that stopped leaves its rows behind.
CREATE TABLE visitor_leases (
    node BIGINT NOT NULL,
    contact_id TEXT NOT NULL,
    PRIMARY KEY (node, contact_id)
);
CREATE INDEX visitor_leases_by_contact ON visitor_leases (contact_id);

-- # Conversations, their messages and events

-- Chats: the rows of the console's lists.
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
    -- The agent to whom the chat is offered or assigned; during a transfer the one who gives it away.
    agent_id TEXT,
    -- The agent who is asked: of an offer, or the receiver of a transfer.
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
    seq BIGINT NOT NULL,
    -- JSON: colleagues who were invited to the internal discussion.
    invited TEXT NOT NULL DEFAULT '[]',
    -- Number of messages in the internal discussion.
    discussed BIGINT NOT NULL DEFAULT 0,
    -- JSON: inboxes from which the chat overflowed since a user last chose its inbox.
    overflowed TEXT NOT NULL DEFAULT '[]',
    -- The post under which it is a thread of comments.
    post_id TEXT,
    -- JSON: the post, as the list shows it.
    post TEXT,
    -- The provider's id of the thread's first comment.
    thread TEXT,
    -- When the channel's window closes.
    closes_at BIGINT,
    -- The provider's id of the person to whom replies go.
    reply_address TEXT,
    -- The thread of comments whose private reply began the chat.
    originating_thread TEXT,
    -- The person to whom a thread's private reply went, by their id on the account for direct messages.
    private_to TEXT
);
CREATE INDEX conversations_by_inbox ON conversations (inbox_id, status, waiting_since);
CREATE INDEX conversations_by_agent ON conversations (agent_id, status);
CREATE INDEX conversations_by_contact ON conversations (contact_id, created_at);
CREATE INDEX conversations_queue ON conversations (inbox_id, (COALESCE(ring_due, waiting_since)), id)
    WHERE status = 'waiting';
CREATE INDEX conversations_engaged ON conversations (asked_id, (COALESCE(ring_due, waiting_since)), id)
    WHERE asked_id IS NOT NULL;
CREATE INDEX conversations_mine ON conversations (agent_id, active_at DESC, id) WHERE agent_id IS NOT NULL;
CREATE INDEX conversations_history ON conversations (inbox_id, ended_at DESC, id) WHERE ended_at IS NOT NULL;
CREATE INDEX conversations_history_newest ON conversations (inbox_id, active_at DESC, id) WHERE ended_at IS NOT NULL;
CREATE INDEX conversations_history_oldest ON conversations (inbox_id, active_at, id) WHERE ended_at IS NOT NULL;
-- The start marks visitors as gone without reading every chat.
CREATE INDEX conversations_online ON conversations (online) WHERE online = 1;
-- The folder All: open chats of an inbox, by last activity.
CREATE INDEX conversations_all ON conversations (inbox_id, active_at DESC, id) WHERE ended_at IS NULL;
CREATE INDEX conversations_by_thread ON conversations (account_id, thread) WHERE thread IS NOT NULL;
CREATE INDEX conversations_by_post ON conversations (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX conversations_by_private_reply ON conversations (private_to) WHERE private_to IS NOT NULL;
CREATE INDEX conversations_by_origin ON conversations (originating_thread) WHERE originating_thread IS NOT NULL;
CREATE INDEX conversations_open_by_account ON conversations (account_id, id) WHERE ended_at IS NULL;

-- Messages of chats, beside their documents: for lists, windows and what goes to providers.
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
    -- The contact who wrote the message, with the sender's own id of it, by which duplicates are found.
    contact_id TEXT,
    cid TEXT,
    seq BIGINT NOT NULL,
    redacted_at BIGINT,
    -- JSON: what a channel adds to a message; NULL: nothing.
    extra TEXT,
    -- The message that it answers.
    reply_to TEXT,
    -- When a provider's message was written, by the provider's clock: a late message is shown where it belongs.
    said_at BIGINT,
    UNIQUE (conversation_id, position),
    UNIQUE (contact_id, cid)
);
CREATE INDEX messages_by_seq ON messages (conversation_id, seq);
CREATE INDEX messages_by_segment ON messages (conversation_id, segment, position);

-- Events of conversations: each change of state, one row.
CREATE TABLE conversation_events (
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

-- Agents who were asked in the current round of offers of a waiting chat.
CREATE TABLE asked (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_id TEXT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

-- The number of chats in each folder: of an inbox (`queue`, `history`) by account and channel, or of a user (`engaged`,
-- `mine`) with both empty. Written with the conversation, in its transaction.
CREATE TABLE folder_counts (
    owner_id TEXT NOT NULL,
    folder TEXT NOT NULL,
    account_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (owner_id, folder, account_id, channel)
);

-- Posts under which contacts comment.
CREATE TABLE posts (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    external_id TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, external_id)
);

-- Timers of conversations, users and inboxes.
CREATE TABLE timers (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Version of the conversation that the timer belongs to; a timer of another version does nothing.
    fence BIGINT NOT NULL,
    due BIGINT NOT NULL,
    -- The node that runs the due timer, 0 for none. It only keeps two nodes from doing the same work: the transaction
    -- in which a timer fires takes its row, so that it fires once.
    taken_by BIGINT NOT NULL DEFAULT 0,
    UNIQUE (kind, subject)
);
CREATE INDEX timers_by_due ON timers (due);
CREATE INDEX timers_by_subject ON timers (subject);

-- # Documents

-- CRDT documents: timelines, discussions, drafts, profiles and notes (`docs/sync.md#documents`).
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    sealed BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    snapshot BYTEA,
    snapshot_seq BIGINT NOT NULL,
    -- Stored bytes of the epoch's changes.
    bytes BIGINT NOT NULL DEFAULT 0,
    -- Bytes with which the epoch began.
    begun_bytes BIGINT NOT NULL DEFAULT 0
);

-- Document pushes, with their changes as the gate admitted them.
CREATE TABLE changes (
    document_id TEXT NOT NULL REFERENCES documents (id),
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    intent TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (document_id, epoch, seq),
    UNIQUE (document_id, intent)
);

-- The user and device of each actor of a document. An actor without a user is the server's.
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

-- Intents that were applied in an older epoch: they are never applied again.
CREATE TABLE settled (
    document_id TEXT NOT NULL REFERENCES documents (id),
    intent TEXT NOT NULL,
    PRIMARY KEY (document_id, intent)
);

-- # The feed, from which consoles catch up

-- Changes of rows, in the order of the commits, with the audience before and after.
CREATE TABLE feed (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    row_id TEXT NOT NULL,
    before TEXT,
    after TEXT
);

-- # Providers: what came in, what goes out

-- The ids that providers gave to messages. A message that was sent in several parts has several.
CREATE TABLE provider_messages (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    external_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    outgoing BIGINT NOT NULL,
    -- The provider's id of the message that it quotes.
    quoted TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, external_id)
);
CREATE INDEX provider_messages_by_message ON provider_messages (message_id);

-- When a reaction or the hiding of a comment was last reported, so that a repeated delivery undoes nothing later.
CREATE TABLE last_marks (
    message_id TEXT NOT NULL,
    what TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (message_id, what)
);

-- Bodies of webhooks, stored before they are answered; processed in order, kept for 7 days.
CREATE TABLE raw_events (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    -- 0 waiting, 1 done, 2 not readable.
    state BIGINT NOT NULL,
    problem TEXT
);
CREATE INDEX raw_events_waiting ON raw_events (id) WHERE state = 0;
CREATE INDEX raw_events_by_time ON raw_events (received_at);

-- Provider events that came before the message that they are about; kept for an hour.
CREATE TABLE pending_events (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    element TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX pending_events_by_target ON pending_events (account_id, external_id);
CREATE INDEX pending_events_by_time ON pending_events (received_at);

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
    -- Grows each time a node takes the message, so that a slow node cannot settle what another one took.
    fence BIGINT NOT NULL,
    -- JSON: how many parts were sent.
    parts TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due) WHERE state = 0;
CREATE INDEX outbox_by_conversation ON outbox (conversation_id, position);
-- Messages that are being sent, whose node may have stopped.
CREATE INDEX outbox_sending ON outbox (due) WHERE state = 1;
-- Messages that wait for an account, to be counted, held back and resumed.
CREATE INDEX outbox_waiting ON outbox (account_id, due) WHERE state = 0;
-- Messages that an echo may be about.
CREATE INDEX outbox_open ON outbox (account_id, message_id) WHERE state IN (1, 3);
-- Messages that are trimmed.
CREATE INDEX outbox_settled ON outbox (due) WHERE state = 2;

-- # Files and crashes

-- Uploads and media. Their bytes are in the data folder or a bucket.
CREATE TABLE files (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- Who uploaded it: exactly one is set.
    user_id TEXT,
    contact_id TEXT,
    -- Set when a message carries it.
    conversation_id TEXT,
    created_at BIGINT NOT NULL,
    -- Whether only the internal discussion has it: the contact may not fetch it.
    internal BIGINT NOT NULL DEFAULT 0,
    -- A removed file cannot be fetched; its row is deleted after its bytes.
    removed_at BIGINT
);
CREATE INDEX files_by_conversation ON files (conversation_id);
CREATE INDEX files_by_contact ON files (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX files_removed ON files (id) WHERE removed_at IS NOT NULL;

-- Crashes of the console. Reports of the same build, part and stack are one row, which is deleted 30 days after the
-- last.
CREATE TABLE crashes (
    build TEXT NOT NULL,
    part TEXT NOT NULL,
    stack_hash TEXT NOT NULL,
    stack TEXT NOT NULL,
    -- Route and engine of the last report.
    route TEXT NOT NULL,
    engine TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    reports BIGINT NOT NULL,
    PRIMARY KEY (build, part, stack_hash)
);
CREATE INDEX crashes_by_last_seen ON crashes (last_seen, stack_hash);
