-- Two found themes of different languages that an outside model thinks are one. The id that sorts first is the first.
CREATE TABLE theme_same (
	workspace  TEXT NOT NULL,
	theme      TEXT NOT NULL,
	other      TEXT NOT NULL,
	likeness   DOUBLE PRECISION NOT NULL, -- cosine of what they mean, 0 to 1
	model      TEXT NOT NULL, -- which gave it
	refused_at BIGINT NOT NULL, -- a person has said that they are two; 0 while nobody has
	PRIMARY KEY (workspace, theme, other)
);
