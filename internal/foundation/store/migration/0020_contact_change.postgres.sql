-- How often contacts that were there have changed; asked for on SQLite alone.
CREATE SEQUENCE seq_contact;
