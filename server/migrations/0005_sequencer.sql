-- Which node takes care of a timer that is due, 0 for none. It only keeps two nodes from doing the same work:
-- that a timer fires once is decided by its row and its fence in the transaction in which it fires.
ALTER TABLE timers ADD COLUMN taken_by BIGINT NOT NULL DEFAULT 0;
