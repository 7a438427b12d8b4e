-- How often contacts that were there have changed: who remembers some of them asks whether they are still as they were.
INSERT INTO sequence (name, value) VALUES ('contact', 0);
