-- The records of runs (records.db): projected from the journal, and the only copy of closed runs.

-- `record` is the whole record; the other columns are what is filtered and sorted by. `id` counts runs in the order in which
-- they were first met. Times are microseconds since 1970, states the numbers of the program's own.
--
-- No CHECK on what is inserted by the hundred: for a statement of many rows that may be refused SQLite first copies each page that it changes.
CREATE TABLE run (
    id          INTEGER NOT NULL PRIMARY KEY,
    run         BLOB    NOT NULL UNIQUE,
    project     TEXT    NOT NULL,
    workflow    TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    nested      INTEGER NOT NULL,
    parent      BLOB,
    submitter   TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER,
    record      BLOB    NOT NULL
) STRICT;

-- Each page of a list is the head of one of these, or of a few of them merged: what is equal first, the run last.
CREATE INDEX run_by_status ON run (project, nested, status, run);
CREATE INDEX run_by_workflow ON run (project, workflow, nested, status, run);
CREATE INDEX run_by_submitter ON run (project, submitter, nested, run);
CREATE INDEX run_by_parent ON run (parent, run) WHERE parent IS NOT NULL;

CREATE TABLE run_label (
    id      INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    project TEXT    NOT NULL,
    nested  INTEGER NOT NULL,
    run     BLOB    NOT NULL,
    PRIMARY KEY (id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_label_by_value ON run_label (project, name, value, nested, run);
CREATE INDEX run_label_by_name ON run_label (project, name, nested, run);

-- The frames of runs, in pieces: the upper bits of `piece` are the run's `id`, the lower 24 count from 0 within it. So a run's
-- pieces lie side by side, and need no index.
CREATE TABLE history (
    piece  INTEGER NOT NULL PRIMARY KEY,
    frames BLOB    NOT NULL
) STRICT;

-- Which blobs each run refers to: none of them is removed while the run is kept.
CREATE TABLE run_blob (
    id     INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    PRIMARY KEY (id, digest)
) STRICT, WITHOUT ROWID;

-- The last row of the journal that is in here.
CREATE TABLE applied (
    id  INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    lsn INTEGER NOT NULL
) STRICT;

INSERT INTO applied (id, lsn) VALUES (1, 0);
