-- What an outside language model answered, so that nothing is asked twice.
CREATE TABLE assist_answer (
	workspace TEXT NOT NULL,
	question  TEXT NOT NULL, -- SHA-256 of the task, the model and what was sent
	answer    TEXT NOT NULL,
	model     TEXT NOT NULL, -- as the endpoint named it
	asked_at  BIGINT NOT NULL,
	PRIMARY KEY (workspace, question)
);
CREATE INDEX assist_answer_asked ON assist_answer (asked_at);
