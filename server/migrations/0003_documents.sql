-- Documents in full: sizes, internal discussions, forgetting.

-- Stored bytes of the present epoch's changes, and how many of them the epoch began with.
ALTER TABLE documents ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN begun_bytes BIGINT NOT NULL DEFAULT 0;
UPDATE documents SET bytes = COALESCE((SELECT SUM(LENGTH(c.bytes)) FROM changes c WHERE c.document_id = documents.id), 0);

-- Intents whose changes went with an older epoch: they are never applied again.
CREATE TABLE settled (
    document_id TEXT NOT NULL REFERENCES documents (id),
    intent TEXT NOT NULL,
    PRIMARY KEY (document_id, intent)
);

CREATE INDEX messages_by_segment ON messages (conversation_id, segment, position);

-- Carried by a message of the internal discussion only: the contact may not fetch it.
ALTER TABLE files ADD COLUMN internal BIGINT NOT NULL DEFAULT 0;
-- Nobody may fetch it any more; the row goes when its bytes are gone from the disk.
ALTER TABLE files ADD COLUMN removed_at BIGINT;
CREATE INDEX files_by_conversation ON files (conversation_id);
