-- What is to be sent, and what became of it. While it is queued, a job of kind deliver.email or deliver.webhook carries it.
CREATE TABLE delivery (
	workspace  TEXT NOT NULL,
	id         TEXT NOT NULL, -- Message-ID and webhook-id are made of it
	kind       TEXT NOT NULL, -- email, webhook
	topic      TEXT NOT NULL, -- what it tells of: alert.opened, test ...
	state      TEXT NOT NULL, -- queued, sent, failed
	member     TEXT NOT NULL, -- whom a mail is for; '' for none
	webhook    TEXT NOT NULL, -- where an event goes; '' for a mail
	address    TEXT NOT NULL, -- of a mail
	name       TEXT NOT NULL, -- of a mail's reader
	language   TEXT NOT NULL, -- of a mail
	subject    TEXT NOT NULL, -- of a mail
	body       TEXT NOT NULL, -- a mail's text, or the event as JSON
	html       TEXT NOT NULL, -- of a mail
	attempts   BIGINT NOT NULL,
	status     BIGINT NOT NULL, -- of the last answer, SMTP or HTTP; 0: there was none
	reason     TEXT NOT NULL, -- why the last attempt failed, a code; '' when it did not
	detail     TEXT NOT NULL, -- what the other side said
	created_at BIGINT NOT NULL,
	tried_at   BIGINT NOT NULL, -- 0: never
	next_at    BIGINT NOT NULL, -- 0 unless it is queued
	ended_at   BIGINT NOT NULL, -- 0 while it is queued
	PRIMARY KEY (workspace, id)
);
CREATE INDEX delivery_state ON delivery (workspace, state, id);
CREATE INDEX delivery_webhook ON delivery (workspace, webhook, id);
CREATE INDEX delivery_ended ON delivery (ended_at) WHERE ended_at > 0;

-- Where a workspace's events go.
CREATE TABLE webhook (
	workspace     TEXT NOT NULL,
	id            TEXT NOT NULL,
	name          TEXT NOT NULL,
	url           TEXT NOT NULL,
	events        TEXT NOT NULL, -- separated by spaces; '*' for all
	secret        TEXT NOT NULL, -- to sign with
	old_secret    TEXT NOT NULL, -- to sign with beside it, until old_until
	old_until     BIGINT NOT NULL,
	enabled       SMALLINT NOT NULL,
	reason        TEXT NOT NULL, -- why it is not enabled: member, failing, gone
	failures      BIGINT NOT NULL, -- in a row
	failing_since BIGINT NOT NULL, -- 0: it does not fail
	rest_until    BIGINT NOT NULL, -- it is left alone until then
	succeeded_at  BIGINT NOT NULL, -- 0: never
	created_at    BIGINT NOT NULL,
	PRIMARY KEY (workspace, id)
);

-- What members chose to be told of by e-mail. Who chose nothing has no row.
CREATE TABLE notification (
	workspace TEXT NOT NULL,
	member    TEXT NOT NULL,
	topic     TEXT NOT NULL, -- alerts
	mode      TEXT NOT NULL, -- immediately, daily, none
	hour      BIGINT NOT NULL, -- of a daily mail, in the workspace's zone
	mine      SMALLINT NOT NULL, -- only what is the member's own to look after
	PRIMARY KEY (workspace, member, topic)
);

-- What waits for a member's daily mail.
CREATE TABLE digest (
	workspace  TEXT NOT NULL,
	member     TEXT NOT NULL,
	topic      TEXT NOT NULL,
	id         TEXT NOT NULL,
	data       TEXT NOT NULL, -- JSON, of the topic
	created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace, member, topic, id)
);
