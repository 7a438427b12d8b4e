-- One row is one file that is brought in. What was done is written in the transaction that keeps the feedback, by the
-- attempt that holds the import; an older attempt writes nothing.
CREATE TABLE import (
	workspace   TEXT NOT NULL,
	id          TEXT NOT NULL,
	name        TEXT NOT NULL, -- of the file
	size        BIGINT NOT NULL,
	fingerprint TEXT NOT NULL, -- SHA-256 of the file, '' while it comes in
	path        TEXT NOT NULL, -- of a file that is read in place; '' for one kept in import_chunk
	has_file    SMALLINT NOT NULL, -- its chunks are still there
	state       TEXT NOT NULL, -- uploading, draft, queued, running, done, failed, cancelled
	attempt     BIGINT NOT NULL,
	settings    TEXT NOT NULL, -- JSON: how the file is read
	columns     TEXT NOT NULL, -- JSON: what is in it
	mapping     TEXT NOT NULL, -- JSON: what becomes of it
	rows_done   BIGINT NOT NULL, -- number of the last row that was dealt with: the checkpoint
	rows_total  BIGINT NOT NULL, -- an estimate until it is done
	created     BIGINT NOT NULL,
	duplicates  BIGINT NOT NULL,
	refused     BIGINT NOT NULL,
	mended      BIGINT NOT NULL,
	error       TEXT NOT NULL,
	job         TEXT NOT NULL,
	by_name     TEXT NOT NULL,
	by_member   TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	started_at  BIGINT NOT NULL, -- 0 until it first starts
	finished_at BIGINT NOT NULL, -- 0 until it ends
	beat_at     BIGINT NOT NULL, -- when something last happened
	PRIMARY KEY (workspace, id)
);

-- An uploaded file in pieces, so that any process can work on it.
CREATE TABLE import_chunk (
	workspace TEXT NOT NULL,
	import    TEXT NOT NULL,
	n         BIGINT NOT NULL,
	data      BYTEA NOT NULL,
	PRIMARY KEY (workspace, import, n)
);

-- A row of the file that was not taken, with its reasons.
CREATE TABLE import_refusal (
	workspace  TEXT NOT NULL,
	import     TEXT NOT NULL,
	row_number BIGINT NOT NULL,
	line       BIGINT NOT NULL,
	reasons    TEXT NOT NULL, -- JSON
	cells      TEXT NOT NULL, -- JSON
	raw        TEXT NOT NULL, -- the row's source where it has no cells
	PRIMARY KEY (workspace, import, row_number)
);
