CREATE TABLE sequence (
	name  TEXT PRIMARY KEY,
	value BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO sequence (name, value) VALUES ('feedback', 0);
CREATE TABLE lease (
	name  TEXT PRIMARY KEY,
	owner TEXT NOT NULL,
	until BIGINT NOT NULL
);
