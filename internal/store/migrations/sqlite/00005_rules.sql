-- +goose Up
CREATE TABLE agent_rules (
  organization_id TEXT NOT NULL,
  agent_id        TEXT NOT NULL,
  kind            TEXT NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, agent_id, kind),
  FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE taken_messages (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT NOT NULL,
  agent_id        TEXT NOT NULL,
  status          TEXT NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
);

ALTER TABLE conversations ADD COLUMN channel     TEXT    NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN started_at  BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN updated_at  BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN outcome     TEXT    NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN simulated   BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE conversations ADD COLUMN lease_owner TEXT    NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN lease_until BIGINT  NOT NULL DEFAULT 0;
UPDATE conversations SET channel = json_extract(doc, '$.channel'),
  started_at = CAST(ROUND((julianday(json_extract(doc, '$.createdAt')) - 2440587.5) * 86400000) AS INTEGER);
CREATE INDEX conversations_started ON conversations (organization_id, started_at);

ALTER TABLE runs ADD COLUMN fields      TEXT   NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN note        TEXT   NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN resolved_by TEXT   NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN resolved_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX runs_state ON runs (organization_id, state, id);
CREATE INDEX runs_queued ON runs (state) WHERE state = 'queued';

-- +goose Down
DROP INDEX runs_queued;
DROP INDEX runs_state;
ALTER TABLE runs DROP COLUMN resolved_at;
ALTER TABLE runs DROP COLUMN resolved_by;
ALTER TABLE runs DROP COLUMN note;
ALTER TABLE runs DROP COLUMN fields;
DROP INDEX conversations_started;
ALTER TABLE conversations DROP COLUMN lease_until;
ALTER TABLE conversations DROP COLUMN lease_owner;
ALTER TABLE conversations DROP COLUMN simulated;
ALTER TABLE conversations DROP COLUMN outcome;
ALTER TABLE conversations DROP COLUMN updated_at;
ALTER TABLE conversations DROP COLUMN started_at;
ALTER TABLE conversations DROP COLUMN channel;
DROP TABLE taken_messages;
DROP TABLE agent_rules;
