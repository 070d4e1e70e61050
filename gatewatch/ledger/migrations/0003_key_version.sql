-- Which of its key's secrets a call came with. NULL in rows from before this column.
ALTER TABLE calls ADD COLUMN key_version BIGINT;
