-- One row is one thing a customer said. seq is the number of its last change: who follows changes reads by it. Rows
-- are kept in its order, and indexes are short: most of what receiving costs is writing them.
CREATE TABLE feedback (
	id             TEXT NOT NULL UNIQUE,
	workspace      TEXT NOT NULL,
	seq            INTEGER PRIMARY KEY,
	revision       BIGINT NOT NULL,
	kind           TEXT NOT NULL,
	channel        TEXT NOT NULL,
	source         TEXT NOT NULL,
	external_id    TEXT NOT NULL,
	time           BIGINT NOT NULL,
	received_at    BIGINT NOT NULL,
	contact        TEXT NOT NULL,
	contact_key    BIGINT NOT NULL, -- the beginning of the contact's id, as a number; 0: nobody
	touchpoint     TEXT NOT NULL,
	survey         TEXT NOT NULL,
	survey_version TEXT NOT NULL,
	language       TEXT NOT NULL,
	text           TEXT NOT NULL,
	scores         TEXT NOT NULL,
	answers        TEXT NOT NULL,
	attributes     TEXT NOT NULL,
	import         TEXT NOT NULL,
	erased_at      BIGINT
);
CREATE UNIQUE INDEX feedback_external ON feedback (workspace, source, external_id) WHERE external_id <> '';
CREATE INDEX feedback_time ON feedback (workspace, time);
CREATE INDEX feedback_contact ON feedback (contact_key) WHERE contact_key <> 0;

-- What can be asked about: every attribute and question that has been seen, once.
CREATE TABLE feedback_field (
	workspace TEXT NOT NULL,
	field     TEXT NOT NULL,
	key       TEXT NOT NULL,
	kind      TEXT NOT NULL,
	title     TEXT NOT NULL,
	hidden    SMALLINT NOT NULL,
	seen_at   BIGINT NOT NULL,
	PRIMARY KEY (workspace, field, key)
);

-- As for contacts: without statistics SQLite takes a workspace for some ten rows, and reads all of it to find a few by
-- their ids.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('feedback', 'sqlite_autoindex_feedback_1', '1000000 1'),
	('feedback', 'feedback_external', '1000000 1000000 100000 1'),
	('feedback', 'feedback_time', '1000000 1000000 2'),
	('feedback', 'feedback_contact', '1000000 4');
ANALYZE sqlite_schema;
