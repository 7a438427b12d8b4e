-- One row is one thing that a customer did or that happened to one (kind track, page or screen), or one message about a
-- customer, of which nothing but the message's id is kept (identify, group). seq is the number of its last change, as in feedback.
CREATE TABLE event (
	id          TEXT PRIMARY KEY, -- made of the message's id, so that a second delivery is known
	workspace   TEXT NOT NULL,
	seq         BIGINT NOT NULL UNIQUE,
	revision    BIGINT NOT NULL,
	kind        TEXT NOT NULL,
	name        TEXT NOT NULL,
	message     TEXT NOT NULL,
	time        BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	contact     TEXT NOT NULL,
	contact_key BIGINT NOT NULL, -- the beginning of the contact's id, as a number; 0: nobody
	visitor     TEXT NOT NULL, -- the id of a browser or device
	value       DOUBLE PRECISION,
	currency    TEXT NOT NULL,
	properties  TEXT NOT NULL, -- JSON, or nothing
	erased_at   BIGINT
);
CREATE INDEX event_time ON event (workspace, time);
CREATE INDEX event_contact ON event (contact_key, time) WHERE contact_key <> 0;
CREATE INDEX event_nobody ON event (workspace, visitor) WHERE contact_key = 0 AND visitor <> '';

-- Whose browser or device it is, as far as it was told.
CREATE TABLE event_visitor (
	workspace TEXT NOT NULL,
	visitor   TEXT NOT NULL,
	contact   TEXT NOT NULL,
	PRIMARY KEY (workspace, visitor)
);
CREATE INDEX event_visitor_contact ON event_visitor (workspace, contact);

CREATE SEQUENCE seq_event;

