-- What a workspace knows of its figures beside the feedback. Without a row the usual thresholds hold.
CREATE TABLE population_setting (
	workspace      TEXT PRIMARY KEY,
	minimum_points DOUBLE PRECISION NOT NULL, -- the smallest difference of a score in points that matters
	minimum_share  DOUBLE PRECISION NOT NULL, -- and of a share, of 1
	changed_at     BIGINT NOT NULL
);
-- How all customers are spread over the values of a field, whether or not they answer.
CREATE TABLE population_margin (
	workspace  TEXT NOT NULL,
	field      TEXT NOT NULL,
	position   BIGINT NOT NULL,
	value      TEXT NOT NULL,
	share      DOUBLE PRECISION NOT NULL, -- of 1; the shares of a field add up to it
	origin     TEXT NOT NULL, -- 'typed' or 'contacts'
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, field, position)
);
-- How many people a survey invited in a stretch of days: all of them, or those of whom a field has a value.
CREATE TABLE population_invited (
	workspace TEXT NOT NULL,
	id        TEXT NOT NULL,
	survey    TEXT NOT NULL,
	from_day  BIGINT NOT NULL, -- days since 1970, both included
	to_day    BIGINT NOT NULL,
	field     TEXT NOT NULL, -- '' of all
	value     TEXT NOT NULL,
	invited   BIGINT NOT NULL,
	PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX population_invited_what ON population_invited (workspace, survey, from_day, to_day, field, value);
