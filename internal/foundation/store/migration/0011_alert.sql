-- What a workspace has watched, and when it was last looked at.
CREATE TABLE alert_watch (
	workspace TEXT PRIMARY KEY,
	settings  TEXT NOT NULL,   -- JSON; {} is the usual
	day       BIGINT NOT NULL, -- last complete day that was looked at, days since 1970; 0 before the first look
	looked_at BIGINT NOT NULL,
	report    TEXT NOT NULL    -- JSON: how much was looked at, and what was held back
);

-- A series as the last look found it.
CREATE TABLE alert_series (
	workspace TEXT NOT NULL,
	subject   TEXT NOT NULL, -- measure?field=value
	bucket    TEXT NOT NULL, -- week, day
	state     TEXT NOT NULL, -- watched, learning, blank
	day       BIGINT NOT NULL, -- last day of the latest period
	observed  DOUBLE PRECISION NOT NULL,
	expected  DOUBLE PRECISION NOT NULL,
	low       DOUBLE PRECISION NOT NULL, -- of what was to be expected
	high      DOUBLE PRECISION NOT NULL,
	p         DOUBLE PRECISION NOT NULL,
	q         DOUBLE PRECISION NOT NULL, -- Benjamini-Hochberg, among the series of the period
	rate      DOUBLE PRECISION NOT NULL, -- its share of the budget: chance of a false signal a period and rule
	PRIMARY KEY (workspace, subject, bucket)
);

-- An episode in which a series left its normal range.
CREATE TABLE alert (
	workspace       TEXT NOT NULL,
	id              TEXT NOT NULL,
	subject         TEXT NOT NULL,
	kind            TEXT NOT NULL,   -- alarm, improvement
	episode         BIGINT NOT NULL, -- last day of the period that began it
	state           TEXT NOT NULL,   -- open, acknowledged, closed
	owner           TEXT NOT NULL,   -- member; '' until acknowledged
	rule            TEXT NOT NULL,
	bucket          TEXT NOT NULL,
	since           BIGINT NOT NULL, -- first day of what is unusual
	last_day        BIGINT NOT NULL, -- last day of the latest period that signalled
	signals         BIGINT NOT NULL,
	observed        DOUBLE PRECISION NOT NULL, -- of the latest period that signalled
	expected        DOUBLE PRECISION NOT NULL,
	low             DOUBLE PRECISION NOT NULL,
	high            DOUBLE PRECISION NOT NULL,
	exposure        DOUBLE PRECISION NOT NULL,
	p               DOUBLE PRECISION NOT NULL,
	q               DOUBLE PRECISION NOT NULL,
	excess          DOUBLE PRECISION NOT NULL, -- more feedback than expected, over the episode
	told_excess     DOUBLE PRECISION NOT NULL,
	snoozed_until   BIGINT NOT NULL, -- day; 0 when it is not
	snooze_reason   TEXT NOT NULL,
	verdict         TEXT NOT NULL,   -- true, false, known; '' while it is not closed
	reason          TEXT NOT NULL,
	quiet_until     BIGINT NOT NULL, -- day until which further signals belong to it though it is closed
	opened_at       BIGINT NOT NULL,
	changed_at      BIGINT NOT NULL,
	acknowledged_at BIGINT NOT NULL,
	closed_at       BIGINT NOT NULL,
	PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX alert_episode ON alert (workspace, subject, kind, episode);
CREATE INDEX alert_list ON alert (workspace, state, opened_at);

-- The signals of an episode, one for each period.
CREATE TABLE alert_signal (
	workspace TEXT NOT NULL,
	alert     TEXT NOT NULL,
	bucket    TEXT NOT NULL,
	day       BIGINT NOT NULL, -- last day of the period
	since     BIGINT NOT NULL,
	rule      TEXT NOT NULL,
	observed  DOUBLE PRECISION NOT NULL,
	expected  DOUBLE PRECISION NOT NULL,
	low       DOUBLE PRECISION NOT NULL,
	high      DOUBLE PRECISION NOT NULL,
	exposure  DOUBLE PRECISION NOT NULL,
	p         DOUBLE PRECISION NOT NULL,
	q         DOUBLE PRECISION NOT NULL,
	excess    DOUBLE PRECISION NOT NULL,
	PRIMARY KEY (workspace, alert, bucket, day)
);

-- What people are to be told.
CREATE TABLE alert_notice (
	workspace TEXT NOT NULL,
	id        TEXT NOT NULL,
	alert     TEXT NOT NULL,
	kind      TEXT NOT NULL,   -- opened, escalated
	at        BIGINT NOT NULL,
	told_at   BIGINT NOT NULL, -- 0 until then
	PRIMARY KEY (workspace, id)
);
CREATE INDEX alert_untold ON alert_notice (workspace, told_at, id);

-- How much of a day's feedback was there so many days after its end: what late arrivals are known by.
CREATE TABLE alert_arrival (
	workspace TEXT NOT NULL,
	day       BIGINT NOT NULL,
	lag       BIGINT NOT NULL,
	n         BIGINT NOT NULL,
	PRIMARY KEY (workspace, day, lag)
);
