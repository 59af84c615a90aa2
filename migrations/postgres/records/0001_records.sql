-- The records of runs: projected from the journal, and the only copy of closed runs. What callers chose is bytes: it may hold what
-- PostgreSQL's texts may not.

-- `record` is the whole record; the other columns are what is filtered and sorted by. `id` counts runs in the order in which
-- they were first met. Times are microseconds since 1970, states the numbers of the program's own.
CREATE TABLE run (
    id          BIGINT   NOT NULL PRIMARY KEY,
    run         BYTEA    NOT NULL UNIQUE CHECK (octet_length(run) = 16),
    project     TEXT     NOT NULL,
    workflow    TEXT     NOT NULL,
    version     BIGINT   NOT NULL,
    status      SMALLINT NOT NULL,
    nested      SMALLINT NOT NULL CHECK (nested IN (0, 1)),
    parent      BYTEA,
    submitter   BYTEA    NOT NULL,
    created_at  BIGINT   NOT NULL,
    finished_at BIGINT,
    record      BYTEA    NOT NULL
);

-- Each page of a list is the head of one of these, or of a few of them merged: what is equal first, the run last.
CREATE INDEX run_by_status ON run (project, nested, status, run);
CREATE INDEX run_by_workflow ON run (project, workflow, nested, status, run);
CREATE INDEX run_by_submitter ON run (project, submitter, nested, run);
CREATE INDEX run_by_parent ON run (parent, run) WHERE parent IS NOT NULL;

CREATE TABLE run_label (
    id      BIGINT   NOT NULL,
    name    BYTEA    NOT NULL,
    value   BYTEA    NOT NULL,
    project TEXT     NOT NULL,
    nested  SMALLINT NOT NULL,
    run     BYTEA    NOT NULL,
    PRIMARY KEY (id, name)
);

CREATE INDEX run_label_by_value ON run_label (project, name, value, nested, run);
CREATE INDEX run_label_by_name ON run_label (project, name, nested, run);

-- The frames of runs, in pieces: the upper bits of `piece` are the run's `id`, the lower 24 count from 0 within it. So a run's
-- pieces lie side by side, and need no other index.
CREATE TABLE history (
    piece  BIGINT NOT NULL PRIMARY KEY,
    frames BYTEA  NOT NULL
);

-- Which blobs each run refers to: none of them is removed while the run is kept.
CREATE TABLE run_blob (
    id     BIGINT NOT NULL,
    digest BYTEA  NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY (id, digest)
);

-- The last row of the journal that is in here, and how many bytes the records take. `epoch` counts the openings: only the latest
-- writes.
CREATE TABLE applied (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    lsn   BIGINT NOT NULL,
    bytes BIGINT NOT NULL
);

INSERT INTO applied (id, epoch, lsn, bytes) VALUES (1, 0, 0, 0);
