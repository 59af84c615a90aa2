-- Which opening wrote last, as in the journal.
ALTER TABLE applied ADD COLUMN owner BYTEA;
