-- A theme of a workspace: its own, or one of the starting set that somebody changed.
CREATE TABLE theme (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL,
	parent     TEXT NOT NULL,
	origin     TEXT NOT NULL, -- start, found, rule
	state      TEXT NOT NULL, -- live, proposed, dormant, forbidden, merged
	into_theme TEXT NOT NULL,
	pinned     SMALLINT NOT NULL,
	names      TEXT NOT NULL, -- JSON, by language
	rule       TEXT NOT NULL,
	quote      TEXT NOT NULL, -- of a customer: erased with the feedback it is from
	quote_of   TEXT NOT NULL, -- that feedback
	language   TEXT NOT NULL,
	texts      BIGINT NOT NULL,
	named_by   TEXT NOT NULL,
	by_person  SMALLINT NOT NULL,
	moved      SMALLINT NOT NULL,
	centroid   BYTEA NOT NULL, -- 32-bit floats, little-endian
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, id)
);

-- How often the themes of a workspace were changed: who keeps a tree asks this number.
CREATE TABLE theme_version (
	workspace TEXT PRIMARY KEY,
	version   BIGINT NOT NULL
);
