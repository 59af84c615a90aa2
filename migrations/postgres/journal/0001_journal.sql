-- The journal: the durable truth of open runs. What callers chose is bytes: it may hold what PostgreSQL's texts may not.

-- One row per group commit. `data` holds `n` entries and a checksum.
CREATE TABLE journal (
    lsn   BIGINT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    n     BIGINT NOT NULL CHECK (n > 0),
    data  BYTEA  NOT NULL
);

-- Rows live for seconds, and a commit waits for them.
ALTER TABLE journal ALTER COLUMN data SET STORAGE EXTERNAL;

-- What is left, for runs that are still open, of rows that were trimmed: their entries, in the same form.
CREATE TABLE open_run (
    run  BYTEA  NOT NULL CHECK (octet_length(run) = 16),
    lsn  BIGINT NOT NULL,
    n    BIGINT NOT NULL CHECK (n > 0),
    data BYTEA  NOT NULL,
    PRIMARY KEY (run, lsn)
);

-- And the callers' idempotency keys of such rows. Times are nanoseconds since 1970.
CREATE TABLE key (
    project    TEXT   NOT NULL,
    workflow   TEXT   NOT NULL,
    key        BYTEA  NOT NULL,
    request    BYTEA  NOT NULL CHECK (octet_length(request) = 32),
    run        BYTEA  NOT NULL CHECK (octet_length(run) = 16),
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (project, workflow, key)
);

CREATE INDEX key_by_expiry ON key (expires_at);

-- `epoch` counts the openings: only the latest appends and trims. Every row up to `trimmed` is gone.
CREATE TABLE progress (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch   BIGINT NOT NULL,
    trimmed BIGINT NOT NULL
);

INSERT INTO progress (id, epoch, trimmed) VALUES (1, 0, 0);
