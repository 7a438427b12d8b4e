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
	quote_of   TEXT NOT NULL, -- the feedback that stands best for it; its words are not kept here, for they may be erased
	language   TEXT NOT NULL,
	texts      BIGINT NOT NULL,
	named_by   TEXT NOT NULL,
	by_person  SMALLINT NOT NULL,
	moved      SMALLINT NOT NULL,
	centroid   BYTEA NOT NULL, -- what a later run knows it by: 32-bit floats, little-endian
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, id)
);

-- How often the themes of a workspace were changed: who keeps a tree asks this number.
CREATE TABLE theme_version (
	workspace TEXT PRIMARY KEY,
	version   BIGINT NOT NULL
);

-- A model that was trained on a workspace's own texts. Of each kind one at most is active.
CREATE TABLE model (
	workspace TEXT NOT NULL,
	id        TEXT NOT NULL,
	kind      TEXT NOT NULL, -- theme, sentiment
	active    SMALLINT NOT NULL,
	texts     BIGINT NOT NULL, -- that it was trained on
	report    TEXT NOT NULL, -- JSON: what was measured on texts that it did not see
	made_by   TEXT NOT NULL,
	made_at   BIGINT NOT NULL,
	data      BYTEA NOT NULL,
	PRIMARY KEY (workspace, id)
);

-- A person has chosen the version that is read: what nobody asked for does not change it.
CREATE TABLE model_choice (
	workspace TEXT NOT NULL,
	kind      TEXT NOT NULL,
	chosen_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, kind)
);
