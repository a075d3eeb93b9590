-- Contacts that are one person: each row says which other contact this one is shown with. Nothing is copied, so
-- deleting the row undoes it (`docs/domain.md#merged-contacts`). `with_id` never has a row itself.
CREATE TABLE merges (
    contact_id TEXT NOT NULL PRIMARY KEY REFERENCES contacts (id),
    with_id TEXT NOT NULL REFERENCES contacts (id),
    user_id TEXT NOT NULL,
    merged_at BIGINT NOT NULL
);
CREATE INDEX merges_by_other ON merges (with_id);
