-- The journal (journal.db): the durable truth of open runs.

-- One row per group commit. `data` holds `n` entries and a checksum.
CREATE TABLE journal (
    lsn   INTEGER NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    n     INTEGER NOT NULL CHECK (n > 0),
    data  BLOB    NOT NULL
) STRICT;

-- What is left, for runs that are still open, of rows that were trimmed: their entries, in the same form.
CREATE TABLE open_run (
    run  BLOB    NOT NULL CHECK (length(run) = 16),
    lsn  INTEGER NOT NULL,
    n    INTEGER NOT NULL CHECK (n > 0),
    data BLOB    NOT NULL,
    PRIMARY KEY (run, lsn)
) STRICT;

-- And the callers' idempotency keys of such rows. Times are nanoseconds since 1970.
CREATE TABLE key (
    project    TEXT    NOT NULL,
    workflow   TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    request    BLOB    NOT NULL CHECK (length(request) = 32),
    run        BLOB    NOT NULL CHECK (length(run) = 16),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (project, workflow, key)
) STRICT;

CREATE INDEX key_by_expiry ON key (expires_at);

-- `epoch` counts the openings: only the latest appends. Every row up to `trimmed` is gone.
CREATE TABLE progress (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch   INTEGER NOT NULL,
    trimmed INTEGER NOT NULL
) STRICT;

INSERT INTO progress (id, epoch, trimmed) VALUES (1, 0, 0);
