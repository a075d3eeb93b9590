-- Crashes of the console: reports of the same build, part and stack are one row, which goes 30 days after the last one.
CREATE TABLE crashes (
    build TEXT NOT NULL,
    part TEXT NOT NULL,
    stack_hash TEXT NOT NULL,
    stack TEXT NOT NULL,
    -- Of the last report.
    route TEXT NOT NULL,
    engine TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    reports BIGINT NOT NULL,
    PRIMARY KEY (build, part, stack_hash)
);
CREATE INDEX crashes_by_last_seen ON crashes (last_seen, stack_hash);
