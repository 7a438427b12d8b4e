-- What a workspace wants of the health of its customers. chosen = 1: a person has chosen the version that scores.
CREATE TABLE health_settings (
	workspace  TEXT PRIMARY KEY,
	settings   TEXT NOT NULL, -- JSON, "" where only a version was chosen
	chosen     SMALLINT NOT NULL,
	changed_at BIGINT NOT NULL
);

-- A training: how scores are made, and how they held against what happened. One at most is active.
CREATE TABLE health_version (
	workspace TEXT NOT NULL,
	id        TEXT NOT NULL,
	active    SMALLINT NOT NULL,
	kind      TEXT NOT NULL, -- fitted, weights
	report    TEXT NOT NULL, -- JSON
	model     TEXT NOT NULL, -- JSON
	known     BIGINT NOT NULL, -- facts that there were
	made_by   TEXT NOT NULL,
	made_at   BIGINT NOT NULL,
	PRIMARY KEY (workspace, id)
);

-- How each contact stands. It can be computed again at any time.
CREATE TABLE contact_health (
	workspace   TEXT NOT NULL,
	contact     TEXT NOT NULL,
	account     TEXT NOT NULL,
	segment     TEXT NOT NULL,
	score       DOUBLE PRECISION NOT NULL,
	whole       BIGINT NOT NULL, -- the score without what is behind its point
	chance      DOUBLE PRECISION,
	risk        DOUBLE PRECISION NOT NULL, -- what lists go by
	coverage    DOUBLE PRECISION NOT NULL,
	hidden      SMALLINT NOT NULL, -- too little is known, or the contact has left
	at_risk     SMALLINT NOT NULL,
	left_on     BIGINT NOT NULL, -- day, 0: a customer
	worth       BIGINT NOT NULL,
	currency    TEXT NOT NULL, -- "" when the worth is unknown
	parts       TEXT NOT NULL, -- JSON
	version     TEXT NOT NULL,
	run         TEXT NOT NULL, -- of scoring
	computed_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, contact)
);
CREATE INDEX contact_health_risk ON contact_health (workspace, hidden, risk, contact);
CREATE INDEX contact_health_account ON contact_health (workspace, account);
