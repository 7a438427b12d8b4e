-- As for SQLite, but for the order of text: by its bytes, whatever the database prefers, so that prefixes are ranges.
CREATE TABLE account (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL,
	external   TEXT NOT NULL,
	name       TEXT NOT NULL,
	name_key   TEXT COLLATE "C" NOT NULL, -- the name in lower case
	attributes TEXT NOT NULL, -- JSON
	created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, id),
	UNIQUE (workspace, external)
);
CREATE INDEX account_name ON account (workspace, name_key, id);
CREATE TABLE contact (
	workspace      TEXT NOT NULL,
	id             TEXT NOT NULL,
	account        TEXT NOT NULL, -- may be empty
	name           TEXT NOT NULL,
	name_key       TEXT COLLATE "C" NOT NULL, -- the name in lower case
	language       TEXT NOT NULL,
	attributes     TEXT NOT NULL, -- JSON
	value_minor    BIGINT NOT NULL,
	value_currency TEXT NOT NULL, -- empty: the value is unknown
	first_seen     BIGINT NOT NULL,
	last_seen      BIGINT NOT NULL,
	merged_into    TEXT NOT NULL, -- may be empty
	erased_at      BIGINT NOT NULL, -- 0: not erased
	PRIMARY KEY (workspace, id)
);
CREATE INDEX contact_name ON contact (workspace, name_key, id);
CREATE INDEX contact_account ON contact (workspace, account) WHERE account <> '';
CREATE INDEX contact_merged ON contact (workspace, merged_into) WHERE merged_into <> '';
CREATE TABLE contact_identity (
	workspace  TEXT NOT NULL,
	kind       TEXT NOT NULL,
	norm       TEXT COLLATE "C" NOT NULL,
	value      TEXT COLLATE "C" NOT NULL, -- as it was given
	contact    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, kind, norm)
);
CREATE INDEX contact_identity_contact ON contact_identity (workspace, contact);
-- What contacts are filtered by; the truth is in contact.attributes.
CREATE TABLE contact_attribute (
	workspace TEXT NOT NULL,
	attribute TEXT NOT NULL,
	value     TEXT COLLATE "C" NOT NULL, -- lower case, the first 200 characters
	contact   TEXT NOT NULL,
	num       DOUBLE PRECISION, -- of a number, or of a date the day since 1970
	PRIMARY KEY (workspace, attribute, value, contact)
);
CREATE TABLE contact_attribute_def (
	workspace  TEXT NOT NULL,
	attribute  TEXT NOT NULL,
	kind       TEXT NOT NULL,
	title      TEXT NOT NULL,
	first_seen BIGINT NOT NULL,
	sliceable  SMALLINT NOT NULL,
	personal   SMALLINT NOT NULL,
	PRIMARY KEY (workspace, attribute)
);
CREATE TABLE contact_consent (
	workspace TEXT NOT NULL,
	contact   TEXT NOT NULL,
	channel   TEXT NOT NULL,
	purpose   TEXT NOT NULL,
	id        TEXT NOT NULL,
	granted   SMALLINT NOT NULL,
	at        BIGINT NOT NULL,
	source    TEXT NOT NULL,
	proof     TEXT NOT NULL,
	PRIMARY KEY (workspace, contact, channel, purpose, at, id)
);
CREATE TABLE contact_merge_suggestion (
	workspace TEXT NOT NULL,
	a         TEXT NOT NULL,
	b         TEXT NOT NULL,
	kind      TEXT NOT NULL, -- of the identity that both lay claim to
	state     TEXT NOT NULL, -- open, dismissed
	at        BIGINT NOT NULL,
	PRIMARY KEY (workspace, a, b)
);
CREATE INDEX contact_merge_suggestion_open ON contact_merge_suggestion (workspace, state, at);
CREATE INDEX contact_merge_suggestion_b ON contact_merge_suggestion (workspace, b);
-- What remains of an erased contact's identities, so that an import of old data does not bring the person back.
CREATE TABLE contact_tombstone (
	workspace TEXT NOT NULL,
	hash      BYTEA NOT NULL, -- SHA-256 of workspace, kind and identity
	erased_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, hash)
);
CREATE TABLE contact_segment (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL,
	name       TEXT NOT NULL,
	name_key   TEXT COLLATE "C" NOT NULL,
	filter     TEXT NOT NULL, -- JSON
	created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, id),
	UNIQUE (workspace, name_key)
);
