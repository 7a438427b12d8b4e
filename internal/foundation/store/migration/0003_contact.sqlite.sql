-- Found by their keys and by nothing else, the larger tables are kept in their keys: one tree less to walk and to write.
CREATE TABLE account (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL,
	external   TEXT NOT NULL,
	name       TEXT NOT NULL,
	name_key   TEXT NOT NULL, -- the name in lower case
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
	name_key       TEXT NOT NULL, -- the name in lower case
	language       TEXT NOT NULL,
	attributes     TEXT NOT NULL, -- JSON
	value_minor    BIGINT NOT NULL,
	value_currency TEXT NOT NULL, -- empty: the value is unknown
	first_seen     BIGINT NOT NULL,
	last_seen      BIGINT NOT NULL,
	merged_into    TEXT NOT NULL, -- may be empty
	erased_at      BIGINT NOT NULL, -- 0: not erased
	PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE INDEX contact_name ON contact (workspace, name_key, id);
CREATE INDEX contact_account ON contact (workspace, account) WHERE account <> '';
CREATE INDEX contact_merged ON contact (workspace, merged_into) WHERE merged_into <> '';
CREATE TABLE contact_identity (
	workspace  TEXT NOT NULL,
	kind       TEXT NOT NULL,
	norm       TEXT NOT NULL,
	value      TEXT NOT NULL, -- as it was given
	contact    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, kind, norm)
) WITHOUT ROWID;
CREATE INDEX contact_identity_contact ON contact_identity (workspace, contact);
-- What contacts are filtered by; the truth is in contact.attributes.
CREATE TABLE contact_attribute (
	workspace TEXT NOT NULL,
	attribute TEXT NOT NULL,
	value     TEXT NOT NULL, -- lower case, the first 200 characters
	contact   TEXT NOT NULL,
	num       DOUBLE PRECISION, -- of a number, or of a date the day since 1970
	PRIMARY KEY (workspace, attribute, value, contact)
) WITHOUT ROWID;
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
) WITHOUT ROWID;
CREATE TABLE contact_merge_suggestion (
	workspace TEXT NOT NULL,
	a         TEXT NOT NULL,
	b         TEXT NOT NULL,
	kind      TEXT NOT NULL, -- of the identity that both lay claim to
	state     TEXT NOT NULL, -- open, dismissed
	at        BIGINT NOT NULL,
	PRIMARY KEY (workspace, a, b)
) WITHOUT ROWID;
CREATE INDEX contact_merge_suggestion_open ON contact_merge_suggestion (workspace, state, at);
CREATE INDEX contact_merge_suggestion_b ON contact_merge_suggestion (workspace, b);
-- What remains of an erased contact's identities, so that an import of old data does not bring the person back.
CREATE TABLE contact_tombstone (
	workspace TEXT NOT NULL,
	hash      BYTEA NOT NULL, -- SHA-256 of workspace, kind and identity
	erased_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, hash)
) WITHOUT ROWID;
CREATE TABLE contact_segment (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL,
	name       TEXT NOT NULL,
	name_key   TEXT NOT NULL,
	filter     TEXT NOT NULL, -- JSON
	created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, id),
	UNIQUE (workspace, name_key)
);
-- Without statistics SQLite takes a workspace for some ten rows and reads all of it rather than use a second index. These
-- are the proportions of a workspace with a million contacts; a later ANALYZE may replace them.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('account', 'sqlite_autoindex_account_1', '10000 10000 1'),
	('account', 'sqlite_autoindex_account_2', '10000 10000 1'),
	('account', 'account_name', '10000 10000 2 1'),
	('contact', 'contact', '1000000 1000000 1'),
	('contact', 'contact_name', '1000000 1000000 5 1'),
	('contact', 'contact_account', '300000 300000 30'),
	('contact', 'contact_merged', '10000 10000 2'),
	('contact_identity', 'contact_identity', '2000000 2000000 700000 1'),
	('contact_identity', 'contact_identity_contact', '2000000 2000000 2'),
	('contact_attribute', 'contact_attribute', '5000000 5000000 500000 5000 1'),
	('contact_consent', 'contact_consent', '500000 500000 4 2 1 1 1'),
	('contact_merge_suggestion', 'contact_merge_suggestion', '10000 10000 2 1'),
	('contact_merge_suggestion', 'contact_merge_suggestion_open', '10000 10000 5000 1'),
	('contact_merge_suggestion', 'contact_merge_suggestion_b', '10000 10000 2'),
	('contact_tombstone', 'contact_tombstone', '10000 10000 1');
ANALYZE sqlite_schema;
