-- How a function moves between its versions and pools, as JSON: what is under way, and what happened lately. In the row of the
-- function, so that a version becomes active and its move is written down together. NULL where nothing was.
ALTER TABLE function ADD COLUMN moves TEXT;
