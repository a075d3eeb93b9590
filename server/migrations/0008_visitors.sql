-- Which node has sockets of which visitor; a node that is gone leaves its rows behind.
CREATE TABLE visitor_leases (
    node BIGINT NOT NULL,
    contact_id TEXT NOT NULL,
    PRIMARY KEY (node, contact_id)
);
CREATE INDEX visitor_leases_by_contact ON visitor_leases (contact_id);
