-- Every statement has its index. A state that a partial index names is a literal in the statement too: only then do
-- both engines use the index.

-- What is being sent, whose sender may have died.
CREATE INDEX outbox_sending ON outbox (due) WHERE state = 1;
-- What waits for an account's provider, to be counted, held back and let go.
CREATE INDEX outbox_waiting ON outbox (account_id, due) WHERE state = 0;
-- What an echo may be about.
CREATE INDEX outbox_open ON outbox (account_id, message_id) WHERE state IN (1, 3);
-- What is trimmed.
CREATE INDEX outbox_settled ON outbox (due) WHERE state = 2;

CREATE INDEX timers_by_subject ON timers (subject);
CREATE INDEX identities_by_contact ON identities (contact_id, account_id);
CREATE INDEX blacklist_by_contact ON blacklist (contact_id);
CREATE INDEX files_by_contact ON files (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX files_removed ON files (id) WHERE removed_at IS NOT NULL;
CREATE INDEX conversations_open_by_account ON conversations (account_id, id) WHERE ended_at IS NULL;
CREATE INDEX early_events_by_time ON early_events (received_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX links_unused ON links (user_id) WHERE used_at IS NULL;
