-- Versions of the health score so far compared customers within today's segments, in the past too. They give way to new ones, which are
-- made within the hour.
DELETE FROM health_version;
DELETE FROM contact_health;
UPDATE health_settings SET chosen = 0;
