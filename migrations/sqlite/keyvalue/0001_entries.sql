-- Key-value stores of projects (kv.db). Keys sort by their UTF-8 bytes.

CREATE TABLE entry (
    project TEXT NOT NULL,
    store   TEXT NOT NULL,
    key     TEXT NOT NULL,
    value   BLOB NOT NULL,
    PRIMARY KEY (project, store, key)
) STRICT;
