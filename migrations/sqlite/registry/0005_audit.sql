-- What was changed, by whom and from where. Times are microseconds since 1970, so that they can be compared.
CREATE TABLE audit (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    token   BLOB CHECK (length(token) = 8),
    source  TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    project TEXT,
    target  TEXT    NOT NULL,
    status  INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_project ON audit (project, number);
