-- Part 2: internal discussions, redaction, drafts.

ALTER TABLE conversations ADD COLUMN invited TEXT NOT NULL DEFAULT '[]';
ALTER TABLE conversations ADD COLUMN discussed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN redacted_at BIGINT;
