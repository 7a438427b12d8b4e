-- Whether somebody has decided on an attribute of contacts; until then its name says whether it is personal.
ALTER TABLE contact_attribute_def ADD COLUMN decided SMALLINT NOT NULL DEFAULT 0;
UPDATE contact_attribute_def SET decided = 1 WHERE personal = 1 OR sliceable = 0 OR title <> replace(attribute, '_', ' ') OR EXISTS (SELECT 1 FROM audit
	WHERE audit.workspace = contact_attribute_def.workspace AND audit.kind = 'contact attribute' AND audit.object = contact_attribute_def.attribute AND audit.action = 'attribute.set');
