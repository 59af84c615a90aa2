-- Secrets of projects, encrypted. The key is in a file elsewhere; a part of a hash of it tells which. Times are microseconds since 1970.
CREATE TABLE secret (
    project    TEXT    NOT NULL REFERENCES project (name),
    name       TEXT    NOT NULL,
    key        BLOB    NOT NULL CHECK (length(key) = 8),
    nonce      BLOB    NOT NULL CHECK (length(nonce) = 12),
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (project, name)
) STRICT, WITHOUT ROWID;
