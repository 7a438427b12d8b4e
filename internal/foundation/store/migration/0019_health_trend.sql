-- How each contact stood in the year before: JSON, pairs of day and score.
ALTER TABLE contact_health ADD COLUMN trend TEXT NOT NULL DEFAULT '[]';
