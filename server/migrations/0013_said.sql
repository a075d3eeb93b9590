-- When a provider's message was written, by the provider's clock: late ones are shown where they belong.
ALTER TABLE messages ADD COLUMN said_at BIGINT;
