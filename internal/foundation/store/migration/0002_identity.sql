CREATE TABLE workspace (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	name_key   TEXT NOT NULL UNIQUE, -- the name in lower case
	slug       TEXT NOT NULL UNIQUE,
	zone       TEXT NOT NULL,
	week_start TEXT NOT NULL,
	language   TEXT NOT NULL,
	currency   TEXT NOT NULL,
	country    TEXT NOT NULL,
	demo       SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	version    BIGINT NOT NULL
);
CREATE TABLE person (
	id          TEXT PRIMARY KEY,
	email       TEXT NOT NULL UNIQUE,
	name        TEXT NOT NULL,
	language    TEXT NOT NULL,
	theme       TEXT NOT NULL,
	password    TEXT NOT NULL, -- argon2id in the PHC form; empty: none
	must_change SMALLINT NOT NULL,
	created_at  BIGINT NOT NULL
);
CREATE TABLE member (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL,
	person     TEXT NOT NULL,
	role       TEXT NOT NULL,
	state      TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, id),
	UNIQUE (workspace, person)
);
CREATE INDEX member_person ON member (person);
CREATE TABLE team (
	workspace TEXT NOT NULL,
	id        TEXT NOT NULL,
	name      TEXT NOT NULL,
	name_key  TEXT NOT NULL,
	manager   TEXT NOT NULL,
	PRIMARY KEY (workspace, id),
	UNIQUE (workspace, name_key)
);
CREATE TABLE team_member (
	workspace TEXT NOT NULL,
	team      TEXT NOT NULL,
	member    TEXT NOT NULL,
	PRIMARY KEY (workspace, team, member)
);
CREATE INDEX team_member_member ON team_member (workspace, member);
CREATE TABLE member_invite (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL,
	email      TEXT NOT NULL,
	role       TEXT NOT NULL,
	teams      TEXT NOT NULL, -- JSON
	token_hash BYTEA NOT NULL UNIQUE,
	invited_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, id),
	UNIQUE (workspace, email)
);
CREATE TABLE session (
	id         TEXT PRIMARY KEY,
	token_hash BYTEA NOT NULL UNIQUE,
	person     TEXT NOT NULL,
	workspace  TEXT NOT NULL, -- where the person is now; may be empty
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	ip         TEXT NOT NULL,
	agent      TEXT NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE TABLE sign_in_throttle (
	who   TEXT PRIMARY KEY, -- a hash of an address, or a network
	tries BIGINT NOT NULL,
	since BIGINT NOT NULL
);
CREATE TABLE api_key (
	workspace   TEXT NOT NULL,
	id          TEXT NOT NULL,
	public      TEXT NOT NULL UNIQUE,
	secret_hash BYTEA NOT NULL,
	name        TEXT NOT NULL,
	scopes      TEXT NOT NULL, -- separated by spaces
	created_by  TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL, -- 0: never
	used_at     BIGINT NOT NULL,
	revoked_at  BIGINT NOT NULL,
	PRIMARY KEY (workspace, id)
);
CREATE TABLE audit (
	workspace TEXT NOT NULL,
	id        TEXT NOT NULL,
	at        BIGINT NOT NULL,
	member    TEXT NOT NULL,
	api_key   TEXT NOT NULL,
	name      TEXT NOT NULL,
	ip        TEXT NOT NULL,
	request   TEXT NOT NULL,
	action    TEXT NOT NULL,
	kind      TEXT NOT NULL,
	object    TEXT NOT NULL,
	details   TEXT NOT NULL, -- JSON
	haystack  TEXT NOT NULL, -- who, what and details in lower case, to be searched
	PRIMARY KEY (workspace, id)
);
CREATE INDEX audit_member ON audit (workspace, member, id);
CREATE INDEX audit_object ON audit (workspace, kind, object, id);
