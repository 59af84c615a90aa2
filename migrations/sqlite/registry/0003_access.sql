-- The name of a project that was deleted is not given again: what its runs left behind is not for another one to find.
ALTER TABLE project ADD COLUMN deleted_at TEXT;

-- Who belongs to a project. Owners are members, too.
CREATE TABLE member (
    project TEXT NOT NULL REFERENCES project (name),
    user    TEXT NOT NULL,
    role    TEXT NOT NULL CHECK (role IN ('viewer', 'invoker', 'developer', 'owner')),
    since   TEXT NOT NULL,
    PRIMARY KEY (project, user)
) STRICT, WITHOUT ROWID;

-- Tokens: a hash of each, and nothing that could be presented. Those of the platform have neither project nor role.
CREATE TABLE token (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 8),
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    holder     TEXT NOT NULL,
    project    TEXT REFERENCES project (name),
    role       TEXT CHECK (role IN ('viewer', 'invoker', 'developer', 'owner')),
    note       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    used_at    TEXT,
    CHECK ((project IS NULL) = (role IS NULL))
) STRICT, WITHOUT ROWID;
