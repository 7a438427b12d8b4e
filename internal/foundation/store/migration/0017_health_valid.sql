-- Whether a version of the health score holds: it passed its gate, and passes it on what happened since.
ALTER TABLE health_version ADD COLUMN valid SMALLINT NOT NULL DEFAULT 0;
