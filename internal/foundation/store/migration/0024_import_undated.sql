-- How many rows of an import came in without a date, and count as said when it began.
ALTER TABLE import ADD COLUMN undated BIGINT NOT NULL DEFAULT 0;
