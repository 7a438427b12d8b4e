-- Background work. attempt counts the claims and fences writers off: who was claimed under an older number writes nothing.
CREATE TABLE job (
	id           TEXT PRIMARY KEY,
	workspace    TEXT NOT NULL, -- '' is work of the installation itself
	kind         TEXT NOT NULL,
	unique_key   TEXT NOT NULL, -- '' is none
	state        TEXT NOT NULL, -- queued, running, done, failed, cancelled
	payload      TEXT NOT NULL,
	run_at       BIGINT NOT NULL,
	attempt      BIGINT NOT NULL,
	failures     BIGINT NOT NULL, -- errors since the first start or the last resume
	deaths       BIGINT NOT NULL, -- workers that vanished while they ran it, since it last got anywhere
	max_attempts BIGINT NOT NULL,
	worker       TEXT NOT NULL,
	cancel       SMALLINT NOT NULL, -- somebody asked for it to stop
	again        SMALLINT NOT NULL, -- somebody asked for it while it ran: run it once more
	done         BIGINT NOT NULL,
	total        BIGINT NOT NULL,
	note         TEXT NOT NULL,
	checkpoint   TEXT NOT NULL,
	error        TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	started_at   BIGINT NOT NULL, -- 0 until it first starts
	finished_at  BIGINT NOT NULL  -- 0 until it ends
);
CREATE UNIQUE INDEX job_key ON job (workspace, kind, unique_key) WHERE unique_key <> '' AND state IN ('queued', 'running');
-- The kind comes first: a process claims only kinds that it handles, then looks for workspaces that wait.
CREATE INDEX job_queued ON job (kind, workspace, run_at, id) WHERE state = 'queued';
CREATE INDEX job_due ON job (kind, run_at) WHERE state = 'queued';
CREATE INDEX job_running ON job (worker) WHERE state = 'running';
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at > 0;
CREATE INDEX job_list ON job (workspace, id);

-- A process that runs jobs, and until when it is believed to live.
CREATE TABLE job_worker (
	id    TEXT PRIMARY KEY,
	until BIGINT NOT NULL
);

-- When each periodic kind is enqueued next.
CREATE TABLE job_periodic (
	kind    TEXT PRIMARY KEY,
	next_at BIGINT NOT NULL
);
