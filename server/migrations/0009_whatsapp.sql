-- When each side last reacted to a message, JSON: a reaction that is delivered again later changes nothing.
ALTER TABLE messages ADD COLUMN reacted TEXT;
