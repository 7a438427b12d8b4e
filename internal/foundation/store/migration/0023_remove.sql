-- Feedback that was removed: nothing of it is left but its id and the number of the change that removed it, by which the columns learn of it.
CREATE TABLE feedback_removed (
	seq        BIGINT PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	workspace  TEXT NOT NULL,
	removed_at BIGINT NOT NULL
);

-- The import that made a contact, as long as nobody but that import has told anything of it; '' for all others.
ALTER TABLE contact ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- An import that is taken back, or was: state is taking_back, taken_back.
ALTER TABLE import ADD COLUMN taken_at BIGINT NOT NULL DEFAULT 0; -- when somebody asked for it; 0 until then
ALTER TABLE import ADD COLUMN taken_by TEXT NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN taken BIGINT NOT NULL DEFAULT 0;     -- pieces of feedback that were removed so far
ALTER TABLE import ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0; -- contacts that went with them
