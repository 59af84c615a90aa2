-- How many bytes of keys and values each project has: counted with every change, so that it need never be added up.

CREATE TABLE usage (
    project TEXT    NOT NULL PRIMARY KEY,
    bytes   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO usage (project, bytes)
    SELECT project, sum(length(CAST(key AS BLOB)) + length(value)) FROM entry GROUP BY project;

CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN
    INSERT INTO usage (project, bytes) VALUES (new.project, length(CAST(new.key AS BLOB)) + length(new.value))
        ON CONFLICT (project) DO UPDATE SET bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER entry_changed AFTER UPDATE OF value ON entry BEGIN
    UPDATE usage SET bytes = bytes + length(new.value) - length(old.value) WHERE project = new.project;
END;

CREATE TRIGGER entry_removed AFTER DELETE ON entry BEGIN
    UPDATE usage SET bytes = bytes - length(CAST(old.key AS BLOB)) - length(old.value) WHERE project = old.project;
END;
