-- The person to whom a thread's private reply went, by their id on the account for direct messages.
ALTER TABLE conversations ADD COLUMN private_to TEXT;
CREATE INDEX conversations_by_private_reply ON conversations (private_to) WHERE private_to IS NOT NULL;
CREATE INDEX conversations_by_origin ON conversations (sprung_from) WHERE sprung_from IS NOT NULL;

-- When reactions and the hiding of comments were last said, so that a repeated delivery undoes nothing later.
CREATE TABLE marked (
    message_id TEXT NOT NULL,
    what TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (message_id, what)
);
