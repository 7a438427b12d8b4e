-- Of an import whose file has a customer who was erased: its rows go once it has ended, and when they went.
ALTER TABLE import ADD COLUMN erasing SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE import ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;

-- What customers were recognised by who were erased, until all files were searched for it.
CREATE TABLE import_erasure (
	workspace TEXT NOT NULL,
	contact   TEXT NOT NULL,
	kind      TEXT NOT NULL,
	norm      TEXT NOT NULL,
	value     TEXT NOT NULL, -- as it was given
	PRIMARY KEY (workspace, contact, kind, norm)
);
