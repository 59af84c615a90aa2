-- What a workflow is made of, as JSON: its definition and the versions it calls. In the row of its version, so that all of it
-- is there or none.
ALTER TABLE version ADD COLUMN workflow TEXT;
