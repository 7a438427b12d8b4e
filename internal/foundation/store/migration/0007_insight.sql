-- A question that somebody keeps. shared = 1 shows it to the whole workspace.
CREATE TABLE insight_view (
	id         TEXT PRIMARY KEY,
	workspace  TEXT NOT NULL,
	member     TEXT NOT NULL,
	name       TEXT NOT NULL,
	query      TEXT NOT NULL,
	chart      TEXT NOT NULL,
	shared     SMALLINT NOT NULL,
	pinned     SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL
);
CREATE INDEX insight_view_workspace ON insight_view (workspace, name);
