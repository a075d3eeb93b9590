-- Windowed lists: indexes in the order of the folders, and counters that are kept instead of counted.

-- How many chats a folder holds: of an inbox (`queue`, `history`) by account and channel, or of a user
-- (`engaged`, `mine`) with both empty. Written with the conversation, in its transaction.
CREATE TABLE tallies (
    owner_id TEXT NOT NULL,
    folder TEXT NOT NULL,
    account_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (owner_id, folder, account_id, channel)
);

DROP INDEX conversations_by_end;
DROP INDEX conversations_by_asked;
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

-- Which node has sockets of which user; a node that is gone leaves its rows behind.
CREATE TABLE leases (
    node BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (node, user_id)
);
CREATE INDEX leases_by_user ON leases (user_id);
