-- How much of each a project may have, where that is not left to the server; 0 for any number.
CREATE TABLE quota (
    project          TEXT NOT NULL PRIMARY KEY REFERENCES project (name),
    functions        INTEGER CHECK (functions >= 0),
    versions         INTEGER CHECK (versions >= 0),
    storage_bytes    INTEGER CHECK (storage_bytes >= 0),
    open_runs        INTEGER CHECK (open_runs >= 0),
    concurrent_calls INTEGER CHECK (concurrent_calls >= 0)
) STRICT, WITHOUT ROWID;

-- The largest number of those versions of a function that were deleted: numbers are not given again.
ALTER TABLE function ADD COLUMN numbered INTEGER NOT NULL DEFAULT 0;
