-- What was understood of a piece of feedback. The reader of texts writes it, and whoever corrects it has it written anew.
CREATE TABLE label (
	workspace  TEXT NOT NULL,
	feedback   TEXT NOT NULL,
	hash       BIGINT NOT NULL, -- of the text that was read
	copy_key   BIGINT NOT NULL, -- of its words: copies of one text share it; 0 for a text without words
	language   TEXT NOT NULL,
	sentiment  SMALLINT NOT NULL, -- -1, 0, 1; 2 is mixed
	score      DOUBLE PRECISION NOT NULL,
	confidence DOUBLE PRECISION NOT NULL,
	unsure     SMALLINT NOT NULL,
	detail     TEXT NOT NULL, -- JSON: themes and clauses
	corrected  SMALLINT NOT NULL, -- a person has had a say
	model      TEXT NOT NULL, -- version of what read it
	read_at    BIGINT NOT NULL,
	PRIMARY KEY (workspace, feedback)
);

-- Ranges of numbers of change of feedback that are being read now, each by one process until its time is up.
CREATE TABLE label_claim (
	first_seq BIGINT PRIMARY KEY,
	last_seq  BIGINT NOT NULL,
	owner     TEXT NOT NULL,
	until     BIGINT NOT NULL
);

-- Up to which number everything was read or is being read.
CREATE TABLE label_frontier (
	one BIGINT PRIMARY KEY,
	seq BIGINT NOT NULL
);
INSERT INTO label_frontier (one, seq) VALUES (1, 0);

-- What a person said about a label: right or wrong. The newest of a feedback's part and aspect counts.
CREATE TABLE correction (
	id         TEXT PRIMARY KEY,
	workspace  TEXT NOT NULL,
	feedback   TEXT NOT NULL,
	start_at   BIGINT NOT NULL, -- of the clause, in bytes of the text; -1 for the whole text
	end_at     BIGINT NOT NULL,
	aspect     TEXT NOT NULL, -- sentiment, or theme
	theme      TEXT NOT NULL, -- which theme is or is not meant; '' for sentiment
	value      TEXT NOT NULL, -- negative neutral positive mixed; yes no
	was        TEXT NOT NULL, -- the same of the model's reading
	confidence DOUBLE PRECISION NOT NULL, -- the model's
	model      TEXT NOT NULL,
	language   TEXT NOT NULL, -- of the text
	hash       BIGINT NOT NULL, -- of the text
	sampled    SMALLINT NOT NULL, -- asked about a text that chance had chosen: what agreement is estimated from
	member     TEXT NOT NULL,
	by_name    TEXT NOT NULL,
	made_at    BIGINT NOT NULL,
	ended_at   BIGINT NOT NULL -- taken back, or followed by a newer one; 0 while it counts
);
CREATE INDEX correction_feedback ON correction (workspace, feedback);
CREATE INDEX correction_newest ON correction (workspace, id);

-- The reader by which the texts of a workspace were read, or are being read again.
CREATE TABLE label_reader (
	workspace TEXT PRIMARY KEY,
	model     TEXT NOT NULL
);
