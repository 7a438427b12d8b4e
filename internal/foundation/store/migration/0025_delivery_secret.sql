-- Whether what a delivery says lets its reader in (an invitation does): it is forgotten once it was sent or given up.
ALTER TABLE delivery ADD COLUMN secret SMALLINT NOT NULL DEFAULT 0;
