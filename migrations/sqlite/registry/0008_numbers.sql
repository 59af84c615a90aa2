-- The largest version number of each function that was deleted: one that is made under its name later counts on from there. `id` counts
-- the deletions.
CREATE TABLE deleted_function (
    id       INTEGER NOT NULL PRIMARY KEY,
    project  TEXT    NOT NULL REFERENCES project (name),
    name     TEXT    NOT NULL,
    numbered INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT;

-- The largest of those that are not known by their names any longer: every new function of the project counts on from there.
ALTER TABLE project ADD COLUMN numbered INTEGER NOT NULL DEFAULT 0;
