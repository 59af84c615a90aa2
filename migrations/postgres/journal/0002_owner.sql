-- Which opening wrote last. A server that lost its connection knows by it, whatever became of what it asked last, that nobody else
-- has opened the journal since.
ALTER TABLE progress ADD COLUMN owner BYTEA;
