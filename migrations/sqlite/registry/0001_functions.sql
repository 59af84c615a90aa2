-- Projects, functions and their versions (weft.db). Times are RFC 3339 texts, so that no precision is lost.

CREATE TABLE project (
    name       TEXT NOT NULL PRIMARY KEY,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO project (name, created_at) VALUES ('default', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

CREATE TABLE function (
    project    TEXT NOT NULL REFERENCES project (name),
    name       TEXT NOT NULL,
    active     INTEGER,
    creator    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (project, name),
    FOREIGN KEY (project, name, active) REFERENCES version (project, function, number)
        DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- Rows are never updated: a version is immutable. `inspection` and `settings` are JSON.
CREATE TABLE version (
    project     TEXT    NOT NULL,
    function    TEXT    NOT NULL,
    number      INTEGER NOT NULL CHECK (number > 0),
    kind        TEXT    NOT NULL CHECK (kind IN ('component', 'workflow')),
    digest      BLOB    NOT NULL CHECK (length(digest) = 32),
    size        INTEGER NOT NULL CHECK (size >= 0),
    inspection  TEXT    NOT NULL,
    settings    TEXT    NOT NULL,
    effect_free INTEGER NOT NULL CHECK (effect_free IN (0, 1)),
    creator     TEXT    NOT NULL,
    created_at  TEXT    NOT NULL,
    PRIMARY KEY (project, function, number),
    FOREIGN KEY (project, function) REFERENCES function (project, name) ON DELETE CASCADE
) STRICT;

CREATE INDEX version_by_digest ON version (project, function, digest);
